"""Packets of Protocol 2.0: known ones, any payload, any damage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoloco.bus.wire import MARK, Instruction, Packet, Reader, crc16, status, stuff, unstuff

KNOWN = {
    "FF FF FD 00 01 03 00 01 19 4E": Packet(1, Instruction.PING),
    "FF FF FD 00 FE 03 00 01 31 42": Packet(0xFE, Instruction.PING),
    "FF FF FD 00 01 07 00 02 84 00 04 00 1D 15": Packet(1, Instruction.READ, bytes([132, 0, 4, 0])),
    "FF FF FD 00 01 09 00 03 74 00 00 02 00 00 CA 89": Packet(
        1, Instruction.WRITE, bytes([116, 0]) + (512).to_bytes(4, "little")
    ),
    "FF FF FD 00 01 06 00 03 40 00 01 DB 66": Packet(1, Instruction.WRITE, bytes([64, 0, 1])),
    "FF FF FD 00 FE 09 00 82 84 00 04 00 01 02 CE FA": Packet(
        0xFE, Instruction.SYNC_READ, bytes([132, 0, 4, 0, 1, 2])
    ),
    "FF FF FD 00 FE 11 00 83 74 00 04 00 01 96 00 00 00 02 AA 00 00 00 82 87": Packet(
        0xFE,
        Instruction.SYNC_WRITE,
        bytes([116, 0, 4, 0, 1, 150, 0, 0, 0, 2, 170, 0, 0, 0]),
    ),
    "FF FF FD 00 01 03 00 08 2F 4E": Packet(1, Instruction.REBOOT),
}
"""Packets of the manual's examples and of ROBOTIS' SDK."""

tricky = st.lists(
    st.sampled_from([0xFF, 0xFF, 0xFD, 0xFD, 0x00]) | st.integers(0, 255), max_size=60
).map(bytes)
"""Payloads full of headers and of what is stuffed."""

packets = st.builds(Packet, st.integers(0, 252), st.sampled_from(list(Instruction)), tricky)


@pytest.mark.parametrize("text", KNOWN)
def test_known_packets_are_equal_to_the_bit(text):
    assert KNOWN[text].encode() == bytes.fromhex(text)
    assert list(Reader().feed(bytes.fromhex(text))) == [KNOWN[text]]


@given(st.binary(max_size=200))
def test_checksum_is_that_of_polynomial_division_bit_by_bit(data):
    remainder = int.from_bytes(data) << 16
    for bit in range(8 * len(data) - 1, -1, -1):
        if remainder >> (bit + 16) & 1:
            remainder ^= 0x18005 << bit

    assert crc16(data) == remainder


@given(tricky)
def test_stuffing_is_undone_and_hides_every_header(body):
    assert unstuff(stuff(body)) == body
    assert MARK + b"\x00" not in stuff(body)


@given(st.lists(packets, max_size=5), st.data())
def test_packets_are_read_however_their_bytes_are_cut(sent, data):
    stream = b"".join(packet.encode() for packet in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))

    reader, found = Reader(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end])
    assert found == sent


@given(packets, st.data())
def test_a_damaged_byte_is_never_accepted(packet, data):
    wire = bytearray(packet.encode())
    place = data.draw(st.integers(0, len(wire) - 1))
    wire[place] ^= data.draw(st.integers(1, 255))

    assert list(Reader().feed(bytes(wire))) == []


@given(packets, st.binary(max_size=20).filter(lambda noise: MARK not in noise))
def test_a_packet_behind_noise_is_found(packet, noise):
    found = list(Reader().feed(noise.rstrip(b"\xff") + packet.encode()))
    assert found == [packet]


def test_an_impossible_length_does_not_hide_the_next_packet():
    endless = bytes.fromhex("FF FF FD 00 01 FF FF 03")
    reader = Reader()

    assert list(reader.feed(endless + status(5).encode())) == [status(5)]
    assert reader.refused == 1
