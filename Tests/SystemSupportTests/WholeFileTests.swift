import Foundation
import Testing

@testable import SystemSupport

@Suite struct WholeFileTests {
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)").path
        init() throws { try WholeFile.createFolder(path) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        var contents: [String] {
            get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
        }
    }

    private func text(_ path: String, followsLinks: Bool = true) throws -> String? {
        try WholeFile.read(path, limit: 100, followsLinks: followsLinks).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test func `What was written is read, and nothing else is left`() throws {
        let folder = try Folder()
        let path = folder.path + "/file"
        #expect(try text(path) == nil)
        try WholeFile.write(Array("one".utf8), to: path, mode: 0o600)
        try WholeFile.write(Array("two".utf8), to: path, mode: 0o600, isDurable: true)
        #expect(try text(path) == "two")
        #expect(try folder.contents == ["file"])
        #expect(throws: FileError(path: path, reason: "larger than 0 MiB")) {
            try WholeFile.read(path, limit: 2)
        }
    }

    @Test func `A planted link is replaced, and never followed`() throws {
        let folder = try Folder()
        let (path, victim) = (folder.path + "/file", folder.path + "/victim")
        try "precious".write(toFile: victim, atomically: false, encoding: .utf8)
        #expect(symlink(victim, path) == 0)
        #expect(throws: FileError(path: path, reason: "it is a symbolic link")) {
            try WholeFile.read(path, limit: 100, followsLinks: false)
        }
        #expect(try text(path) == "precious")
        try WholeFile.write(Array("ours".utf8), to: path, mode: 0o644)
        #expect(try text(victim) == "precious")
        #expect(try text(path, followsLinks: false) == "ours")
    }

    @Test func `A pipe is not waited for`() throws {
        let folder = try Folder()
        let path = folder.path + "/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: FileError(path: path, reason: "it is a pipe")) {
            try WholeFile.read(path, limit: 100)
        }
    }

    @Test func `Folders are created down to the file's`() throws {
        let folder = try Folder()
        try WholeFile.createFolder(of: folder.path + "/a/b/c/file")
        #expect(FileManager.default.fileExists(atPath: folder.path + "/a/b/c"))
        try WholeFile.createFolder(of: folder.path + "/a/file")
        try "".write(toFile: folder.path + "/plain", atomically: false, encoding: .utf8)
        #expect(throws: FileError(path: folder.path + "/plain", errno: ENOTDIR)) {
            try WholeFile.createFolder(of: folder.path + "/plain/file")
        }
        #expect(throws: FileError.self) { try WholeFile.createFolder(of: folder.path + "/plain/x/file") }
        #expect("\(FileError(path: "/a", errno: ENOENT))" == "/a: No such file or directory")
    }

    @Test func `What a crash has left is removed; what another process writes now is not`() throws {
        let folder = try Folder()
        let path = folder.path + "/names"
        let old = path + ".0123456789abcdef.new"
        let fresh = path + ".fedcba9876543210.new"
        for one in [old, fresh, path + ".other.new", folder.path + "/x.0123456789abcdef.new"] {
            try "".write(toFile: one, atomically: false, encoding: .utf8)
        }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -3600)],
            ofItemAtPath: old
        )
        WholeFile.removeLeftovers(of: path)
        #expect(
            try folder.contents == [
                "names.fedcba9876543210.new", "names.other.new", "x.0123456789abcdef.new",
            ]
        )
    }
}
