# Node 24 is a long-term-support line; the tests pass under it. Debian, since the SQLite and PNG binaries that npm brings want glibc.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
COPY bin ./bin
COPY src ./src
# npm ci runs `prepare`, which compiles src to dist; after that nothing is needed that only building and testing want.
RUN npm ci && npm prune --omit=dev && rm -rf node_modules/.cache node_modules/.bin

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production DATA_DIR=/data HTTP_HOST=0.0.0.0 HTTP_PORT=8080
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY package.json LICENSE ./
COPY bin/lightsout.mjs ./bin/
COPY config ./config
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.HTTP_PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "bin/lightsout.mjs"]
