# The log shows the kind of each reply and how the connection closed.
# Each message is preceded by its length, so it can contain line ends.
{
  printf '\0\0\0\46'; printf 'it'\''s "quoted" \\ and\nin two lines\011<URL>'
  printf '\0\0\0\101'; printf %s '</script><!-- ${1 + 1} `id` $(id) {MESSAGES} %s %d !! ; & | * ~ #'
  printf '\0\0\0\41'; printf 'Grüße, 世界 🦀 \342\200\256\033[31m\342\200\250\000'
  printf '\0\0\0\2'; printf %s '-n'
} |
  RUST_LOG=websocat::ws_peer=debug \
  websocat --text --lengthprefixed-skip-write-direction --close-status-code=1000 --protocol='it'\''s, $`|~' lengthprefixed:stdio: 'ws://127.0.0.1:8080/echo?a='\''b"&c=${d}'
