import { Options, type ClientOptions, type GuildMember, type User } from 'discord.js';

const ourselves = (of: GuildMember | User): boolean => of.id === of.client.user.id;

/**
 * Servers, channels, threads and roles are kept, for they say what the bot may do where; of people only the bot itself.
 */
export const cachePolicy: Pick<ClientOptions, 'makeCache'> = {
  makeCache: Options.cacheWithLimits({
    ApplicationCommandManager: 0,
    ApplicationEmojiManager: 0,
    AutoModerationRuleManager: 0,
    BaseGuildEmojiManager: 0,
    DMMessageManager: 0,
    EntitlementManager: 0,
    GuildBanManager: 0,
    GuildEmojiManager: 0,
    GuildInviteManager: 0,
    GuildMemberManager: { maxSize: 0, keepOverLimit: ourselves },
    GuildMessageManager: 0,
    GuildScheduledEventManager: 0,
    GuildStickerManager: 0,
    MessageManager: 0,
    PresenceManager: 0,
    ReactionManager: 0,
    ReactionUserManager: 0,
    StageInstanceManager: 0,
    ThreadMemberManager: 0,
    UserManager: { maxSize: 0, keepOverLimit: ourselves },
    VoiceStateManager: 0,
  }),
};
