# server: valkey-9.0
# wanted: plain
# wrong: expected valkey-server to be started
redis-server --maxmemory 100mb --maxmemory-policy allkeys-lru --save '' --appendonly no --tcp-keepalive 60 --client-output-buffer-limit pubsub 64mb 16mb 60
