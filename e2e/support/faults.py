"""Names the rule of RFC 6455 that the first frame of a server breaks."""


def name_of(received):
    first, second = received[:2]
    fin, opcode, short = first & 0x80, first & 0x0F, second & 0x7F
    for bit, name in ((0x40, "rsv1"), (0x20, "rsv2"), (0x10, "rsv3")):
        if first & bit:
            return name
    if second & 0x80:
        return "masked"
    if 3 <= opcode <= 7:
        return "reserved-data"
    if opcode >= 11:
        return "reserved-control"
    if opcode == 9:
        return "ping-too-long" if fin else "ping-fragmented"
    if opcode == 0:
        return "nothing-to-continue"
    if opcode == 8 and short == 1:
        return "close-one-byte"
    if opcode == 8:
        return "close-1005" if received[2:4] == (1005).to_bytes(2, "big") else "close-reason-not-utf8"
    if short == 127 and received[2] & 0x80:
        return "length-top-bit"
    if short >= 126:
        return "length-not-minimal"
    return "invalid-utf8" if fin else "message-inside-message"
