# server: redis-8.2
# wanted: plain
docker run -d --name cache -m 256m -v cache:/data redis:8.2 \
  redis-server --maxmemory 100mb --maxmemory-policy allkeys-lru --save '' --appendonly no --tcp-keepalive 60 --client-output-buffer-limit pubsub 64mb 16mb 60
