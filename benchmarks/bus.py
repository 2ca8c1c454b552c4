"""The emulated bus: its packets, ROBOTIS' SDK on it, its speed.

    python benchmarks/bus.py [--parts wire sdk speed] [--packets 100000]

wire: known packets, and packets full of FF FF FD that are encoded, read, and read once more with
one byte changed.

sdk: how many of the same packets the SDK's own handler sends and reads as the protocol wants, and
how many ours does.

speed: exchanges of goals and readings with the biped behind the bus, in lock-step.
"""

import argparse
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator

from dynamixel_sdk import GroupSyncRead, GroupSyncWrite, Protocol2PacketHandler

from evoloco.bus.body import of_run
from evoloco.bus.emulator import in_thread
from evoloco.bus.process import BusProcess
from evoloco.bus.sdk import PacketHandler, Port
from evoloco.bus.setup import plain
from evoloco.bus.wire import Instruction, Packet, Reader, crc16, status

KNOWN = {
    "FF FF FD 00 01 03 00 01 19 4E": Packet(1, Instruction.PING),
    "FF FF FD 00 FE 03 00 01 31 42": Packet(0xFE, Instruction.PING),
    "FF FF FD 00 01 07 00 02 84 00 04 00 1D 15": Packet(1, 2, bytes([132, 0, 4, 0])),
    "FF FF FD 00 01 09 00 03 74 00 00 02 00 00 CA 89": Packet(1, 3, bytes([116, 0, 0, 2, 0, 0])),
    "FF FF FD 00 01 06 00 03 40 00 01 DB 66": Packet(1, 3, bytes([64, 0, 1])),
    "FF FF FD 00 FE 09 00 82 84 00 04 00 01 02 CE FA": Packet(
        0xFE, 0x82, bytes([132, 0, 4, 0, 1, 2])
    ),
    "FF FF FD 00 FE 11 00 83 74 00 04 00 01 96 00 00 00 02 AA 00 00 00 82 87": Packet(
        0xFE, 0x83, bytes([116, 0, 4, 0, 1, 150, 0, 0, 0, 2, 170, 0, 0, 0])
    ),
    "FF FF FD 00 01 03 00 08 2F 4E": Packet(1, Instruction.REBOOT),
}

SENT = 2_000
"""Packets that are sent through a port by either handler."""

EXCHANGES = 500


def payloads(count: int) -> Iterator[bytes]:
    """Payloads full of headers and of what is stuffed."""
    draws = random.Random(1)
    for _ in range(count):
        size = draws.randrange(1, 40)
        yield bytes(
            draws.choice((0xFF, 0xFF, 0xFD, 0xFD, 0x00, draws.randrange(256))) for _ in range(size)
        )


def wire(count: int) -> None:
    equal = sum(packet.encode() == bytes.fromhex(text) for text, packet in KNOWN.items())
    print(f"{equal} of {len(KNOWN)} known packets are equal to the bit", end="; ")
    print(f"the checksum of '123456789' is {crc16(b'123456789'):04X}")

    draws, same, accepted, stuffed = random.Random(2), 0, 0, 0
    for data in payloads(count):
        packet = Packet(draws.randrange(253), Instruction.WRITE, data)
        sent = bytearray(packet.encode())
        stuffed += len(sent) > len(data) + 10
        same += list(Reader().feed(bytes(sent))) == [packet]
        sent[draws.randrange(len(sent))] ^= draws.randrange(1, 256)
        accepted += bool(list(Reader().feed(bytes(sent))))
    print(
        f"{count} random packets, {stuffed} of them stuffed: {same} read as they were sent; "
        f"{accepted} accepted with one byte changed"
    )


def sdk(count: int) -> None:
    for handler in (Protocol2PacketHandler(), PacketHandler()):
        whose = "ours" if isinstance(handler, PacketHandler) else "the SDK's own"
        sent = sum(_sent_right(handler, data) for data in payloads(min(SENT, count)))
        read = sum(_read_right(handler, data) for data in payloads(count))
        print(
            f"{whose}: {sent} of {min(SENT, count)} packets sent as the protocol wants, "
            f"{read} of {count} answers read as they were"
        )


def _sent_right(handler: Protocol2PacketHandler, data: bytes) -> bool:
    host, device = os.openpty()
    port = Port(os.ttyname(device), 1_000_000)
    handler.writeTxOnly(port, 1, 20, len(data), list(data))
    found = os.read(host, 4096)
    port.closePort()
    os.close(host)
    os.close(device)
    return found == Packet(1, Instruction.WRITE, bytes([20, 0]) + data).encode()


def _read_right(handler: Protocol2PacketHandler, data: bytes) -> bool:
    found = handler.removeStuffing(list(status(1, data).encode()))
    return bytes(found[9 : 9 + len(data)]) == data


def speed() -> None:
    body = of_run("biped_fast")
    setup = plain(body.joints, body.feet)
    with in_thread(body, setup) as emulator:
        _exchange("in a thread", emulator.port, len(body.joints))
    with BusProcess(setup, options={"run": "biped_fast"}) as bus:
        _exchange("in a process", bus.port, len(body.joints))


def _exchange(where: str, path: str, servos: int) -> None:
    """Times exchanges with the robot at rest, and prints their median."""
    port, handler = Port(path, 1_000_000, patience=5.0), PacketHandler()
    reading = GroupSyncRead(port, handler, 126, 21)
    writing = GroupSyncWrite(port, handler, 116, 4)
    for one in range(1, servos + 1):
        reading.addParam(one)
        handler.write1ByteTxRx(port, one, 64, 1)
        goal = handler.read4ByteTxRx(port, one, 116)[0]
        writing.addParam(one, list(goal.to_bytes(4, "little")))

    took = []
    for _ in range(EXCHANGES):
        begin = time.perf_counter()
        writing.txPacket()
        reading.txRxPacket()
        took.append(time.perf_counter() - begin)
    port.closePort()
    print(
        f"{where}: an exchange with {servos} servos takes {1e3 * statistics.median(took):.2f} ms "
        f"(median), physics of 20 ms included"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parts", nargs="+", default=["wire", "sdk", "speed"])
    parser.add_argument("--packets", type=int, default=100_000)
    options = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "wire": lambda: wire(options.packets),
        "sdk": lambda: sdk(options.packets),
        "speed": speed,
    }
    for part in options.parts:
        parts[part]()


if __name__ == "__main__":
    main()
