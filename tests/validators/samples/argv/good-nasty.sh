# server: valkey-9.0
# wanted: nasty
valkey-server --appendfilename 'a $(id) [b] {c}.aof' --dbfilename ' dump: - yes, #1 %d %% & | ; * ? ! ~ < > = @.rdb ' --ignore-warnings '# $(HOME) ${HOME} $HOME $$ $$(HOME) $${HOME} $(KUBERNETES_SERVICE_HOST) $' --proc-title-template '{title} $(HOME) 100% `id` #x '"'"'a'"'"' "b" c\d' --replica-announce-ip ' '"'"'single'"'"' "double" `id` back\slash \\two  end\' --syslog-ident '{{ .Values.image }} {{x}} {{- /* c */ -}} {% raw %} {# c #} {{' --rename-command FLUSHALL '' --rename-command DEBUG '' --rename-command LASTSAVE 'my $(HOME) "last" {{ save }} `id`'
