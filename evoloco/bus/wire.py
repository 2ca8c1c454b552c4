"""Packets of DYNAMIXEL Protocol 2.0: how they are written and read, byte by byte.

A packet is

    FF FF FD 00 | id | length, 2 bytes | instruction | parameters | CRC-16, 2 bytes

Words are little-endian. The length counts everything behind it. Where FF FF FD comes up from the
instruction on, another FD is stuffed behind it, so that a header cannot occur inside a packet.

References:
    ROBOTIS, DYNAMIXEL Protocol 2.0, emanual.robotis.com/docs/en/dxl/protocol2.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

HEADER = b"\xff\xff\xfd\x00"
MARK = HEADER[:3]
"""What a stuffed byte follows."""

BROADCAST = 0xFE
"""Id of all devices."""

START = 7
"""Place of the instruction in a packet."""

SHORTEST = 3
"""Smallest length: of an instruction and its checksum."""

LONGEST = 4096
"""Largest length that is taken for one; a longer one is a fault."""

ALERT = 0x80
"""Bit of a status packet's error: the device has a hardware error."""

POLYNOMIAL = 0x8005


class Instruction(IntEnum):
    """What a packet asks for; `STATUS` answers."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REG_WRITE = 0x04
    ACTION = 0x05
    REBOOT = 0x08
    STATUS = 0x55
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83
    BULK_READ = 0x92
    BULK_WRITE = 0x93


class Error(IntEnum):
    """Why an instruction was refused."""

    NONE = 0
    RESULT = 1
    INSTRUCTION = 2
    CRC = 3
    RANGE = 4
    LENGTH = 5
    LIMIT = 6
    ACCESS = 7


@dataclass(frozen=True)
class Packet:
    """A packet without header, length, stuffed bytes and checksum.

    Attributes:
        id: Of the device that it is for, or from.
        instruction: See `Instruction`.
        parameters: What follows the instruction; in a status packet, its error first.
    """

    id: int
    instruction: int
    parameters: bytes = b""

    def encode(self) -> bytes:
        """The packet's bytes on the wire."""
        body = stuff(bytes([self.instruction]) + self.parameters)
        length = (len(body) + 2).to_bytes(2, "little")
        packet = HEADER + bytes([self.id]) + length + body
        return packet + crc16(packet).to_bytes(2, "little")


def status(device: int, data: bytes = b"", error: int = 0) -> Packet:
    """The answer of a device."""
    return Packet(device, Instruction.STATUS, bytes([error]) + data)


class Reader:
    """Finds packets in bytes that come in pieces.

    Bytes that are no packet are passed over: what does not begin with a header, has an impossible
    length or a wrong checksum.

    Attributes:
        refused: How many headers were followed by no packet.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.refused = 0

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Takes the next bytes, and yields the packets that they complete."""
        self._buffer += data
        while self._seek():
            length = int.from_bytes(self._buffer[5:START], "little")
            end = START + length
            if not SHORTEST <= length <= LONGEST:
                self._refuse()
            elif len(self._buffer) < end:
                return
            elif crc16(self._buffer[: end - 2]) != int.from_bytes(
                self._buffer[end - 2 : end], "little"
            ):
                self._refuse()
            else:
                body = unstuff(bytes(self._buffer[START : end - 2]))
                packet = Packet(self._buffer[4], body[0], body[1:])
                del self._buffer[:end]
                yield packet

    def _seek(self) -> bool:
        """Drops what precedes a header; whether there is one, with id and length."""
        start = self._buffer.find(HEADER)
        if start < 0:
            start = max(len(self._buffer) - len(MARK), 0)  # a header may have begun
        del self._buffer[:start]
        return len(self._buffer) >= START and self._buffer.startswith(HEADER)

    def _refuse(self) -> None:
        """Drops a header, and goes on behind it."""
        del self._buffer[: len(HEADER)]
        self.refused += 1


def stuff(body: bytes) -> bytes:
    """Puts FD behind every FF FF FD."""
    return body.replace(MARK, MARK + MARK[-1:])


def unstuff(body: bytes) -> bytes:
    """Takes one FD off behind every FF FF FD."""
    return body.replace(MARK + MARK[-1:], MARK)


def crc16(data: bytes | bytearray) -> int:
    """CRC-16 of the polynomial 8005, most significant bit first, from 0."""
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ _TABLE[crc >> 8 ^ byte]
    return crc


def _shifted(byte: int) -> int:
    """The checksum of one byte."""
    crc = byte << 8
    for _ in range(8):
        crc = crc << 1 ^ (POLYNOMIAL if crc & 0x8000 else 0)
    return crc & 0xFFFF


_TABLE = [_shifted(byte) for byte in range(256)]
