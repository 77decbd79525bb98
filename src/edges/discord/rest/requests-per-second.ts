/** Discord's documentation, Rate Limits: 50 requests a second for a bot. 5 are left to other uses of the token. */
export const requestsPerSecond = 45;
