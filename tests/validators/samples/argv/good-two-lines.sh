# server: valkey-9.0
# wanted: two-lines
valkey-server --ignore-warnings 'first
maxmemory 1mb
	last é ~' --syslog-ident 'a

EOF
'"'"' " \
maxclients 1'
