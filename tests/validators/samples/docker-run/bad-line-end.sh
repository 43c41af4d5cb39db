# server: redis-8.2
# wanted: plain
# wrong: status 127
docker run -d redis:8.2 \
  redis-server --maxmemory 100mb
  --save '' --appendonly no
