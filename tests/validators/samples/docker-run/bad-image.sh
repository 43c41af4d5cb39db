# server: valkey-9.0
# wanted: plain
# wrong: the image redis:9.0 is not one of valkey
docker run -d --name cache -m 256m -v cache:/data redis:9.0 \
  valkey-server --maxmemory 100mb --maxmemory-policy allkeys-lru --save '' --appendonly no --tcp-keepalive 60 --client-output-buffer-limit pubsub 64mb 16mb 60
