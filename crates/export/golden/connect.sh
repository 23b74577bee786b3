# The log shows the kind of each reply and how the connection closed.
printf %s 'Hello' |
  RUST_LOG=websocat::ws_peer=debug \
  websocat --text --no-line --close-status-code=1000 --protocol='chat' 'ws://127.0.0.1:8080/echo'
