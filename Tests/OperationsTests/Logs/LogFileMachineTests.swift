import Glibc
import Testing

@testable import Operations

@Suite struct LogFileMachineTests {
    private let first = FileIdentity(device: 1, inode: 10)
    private let second = FileIdentity(device: 1, inode: 11)

    @Test func `The path is looked at once a second, and the file stays while it is the same`() {
        var machine = LogFileMachine(first, rotation: nil, now: 100)
        var looks = 0
        for now in [100, 100, 101, 101, 101, 102] {
            let step = machine.step(10, now: now) {
                looks += 1
                return first
            }
            #expect(step == .write)
        }
        #expect(looks == 2)
    }

    @Test func `Another file at the path is opened at once; a path that leads nowhere, after a second look`()
    {
        var machine = LogFileMachine(first, rotation: nil, now: 0)
        #expect(machine.step(10, now: 1) { second } == .reopen)
        machine = LogFileMachine(first, rotation: nil, now: 0)
        #expect(machine.step(10, now: 1) { nil } == .write)
        #expect(machine.step(10, now: 1) { nil } == .write)
        #expect(machine.step(10, now: 2) { nil } == .reopen)
        machine = LogFileMachine(first, rotation: nil, now: 0)
        #expect(machine.step(10, now: 1) { nil } == .write)
        #expect(machine.step(10, now: 2) { first } == .write)
        #expect(machine.step(10, now: 3) { nil } == .write)
    }

    @Test func `A file is rotated before it becomes too large, however often the path was looked at`() {
        let rotation = LogRotation(maxBytes: 5000, keep: 3)
        var machine = LogFileMachine(first, rotation: rotation, now: 0)
        #expect(machine.step(9000, now: 0) { first } == .write, "an empty file takes any batch")
        machine.wrote(4000)
        #expect(machine.step(1000, now: 0) { first } == .write)
        #expect(machine.step(1001, now: 0) { first } == .rotate)
        #expect(machine.step(1001, now: 0) { second } == .reopen, "somebody else has rotated it")
        #expect(machine.step(1001, now: 0) { nil } == .write)
        #expect(machine.step(1001, now: 1) { nil } == .reopen)
    }

    @Test func `A file that was there before counts with its size`() {
        let full = FileIdentity(device: 1, inode: 10, size: 6000)
        var machine = LogFileMachine(full, rotation: LogRotation(maxBytes: 5000), now: 0)
        #expect(machine.step(1, now: 0) { full } == .rotate)
    }

    @Test func `What has failed is tried again after some time`() {
        var machine = LogFileMachine(first, rotation: LogRotation(maxBytes: 5000), now: 0)
        machine.wrote(6000)
        #expect(machine.step(1, now: 0) { first } == .rotate)
        machine.failed(now: 0)
        for now in 0..<LogFileMachine.retryInterval { #expect(machine.step(1, now: now) { first } == .write) }
        #expect(machine.step(1, now: LogFileMachine.retryInterval) { first } == .rotate)
    }

    @Test(arguments: [
        ("100MiB", 100 << 20, 5), ("4KiB", 4096, 5), ("1GiB,keep=1", 1 << 30, 1),
        ("1m,keep=1000", 1 << 20, 1000),
    ])
    func `A rotation is a size, and how many files are kept`(text: String, bytes: UInt64, keep: Int) {
        #expect(LogRotation(text) == LogRotation(maxBytes: bytes, keep: keep))
    }

    @Test(arguments: [
        "", "daily", "100", "4095", "100MiB,", "100MiB,keep", "100MiB,keep=0", "100MiB,keep=1001",
        "100MiB,keep=-1",
        "100MiB,keep=5,x", ",keep=5", "100MiB keep=5", "9999999TiB",
    ])
    func `Anything else is none`(text: String) {
        #expect(LogRotation(text) == nil)
    }

    /// A folder in which renames may fail.
    private struct Folder {
        var files: [String: String]
        var failing: Set<String> = []

        mutating func rename(_ from: String, _ to: String) -> Int32 {
            if failing.contains(from) { return EACCES }
            guard let file = files.removeValue(forKey: from) else { return ENOENT }
            files[to] = file
            return 0
        }
    }

    @Test func `The files move up by one, and the last one is replaced`() {
        var folder = Folder(files: ["log": "d", "log.1": "c", "log.2": "b", "log.3": "a"])
        #expect(LogRotation(maxBytes: 5000, keep: 3).shift("log") { folder.rename($0, $1) } == 0)
        #expect(folder.files == ["log.1": "d", "log.2": "c", "log.3": "b"])
        #expect(LogRotation(maxBytes: 5000, keep: 3).shift("log") { folder.rename($0, $1) } == ENOENT)
    }

    @Test(arguments: ["log", "log.1", "log.2"])
    func `When a rename fails, the log stays at its path, and no file is lost`(failing: String) {
        var folder = Folder(files: ["log": "d", "log.1": "c", "log.2": "b"], failing: [failing])
        #expect(LogRotation(maxBytes: 5000, keep: 3).shift("log") { folder.rename($0, $1) } == EACCES)
        #expect(folder.files["log"] == "d")
        #expect(Set(folder.files.values) == ["b", "c", "d"])
        // It works when the cause is gone.
        folder.failing = []
        #expect(LogRotation(maxBytes: 5000, keep: 3).shift("log") { folder.rename($0, $1) } == 0)
        #expect(folder.files["log.1"] == "d" && folder.files["log"] == nil)
    }
}
