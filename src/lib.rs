//! redisconf.
