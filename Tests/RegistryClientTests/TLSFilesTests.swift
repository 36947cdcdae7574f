import Foundation
import Testing

@testable import RegistryClient

/// A security file that cannot be used is an error, never a connection without it.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
struct TLSFilesTests {
    private let folder = FileManager.default.temporaryDirectory.appending(
        path: "berth-pem-\(UUID().uuidString)"
    )

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["one", "two"] {
            try openssl([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(name)", "-days", "1",
                "-keyout", path("\(name).key"), "-out", path("\(name).crt"),
            ])
        }
        try openssl([
            "rsa", "-aes128", "-passout", "pass:geheim", "-in", path("one.key"), "-out", path("locked.key"),
        ])
        try Data().write(to: folder.appending(path: "empty"))
        try Data("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n".utf8)
            .write(to: folder.appending(path: "garbage"))
        let good = try Data(contentsOf: folder.appending(path: "one.crt"))
        try (good + Data("-----BEGIN CERTIFICATE-----\nhalf".utf8)).write(to: folder.appending(path: "half"))
        try (good + good).write(to: folder.appending(path: "chain"))
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test func `Files that fit are read`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = TLSFiles(ca: path("chain"), certificate: path("one.crt"), key: path("one.key"))
        let contents = try files.read()
        #expect(!contents.ca.isEmpty && !contents.certificate.isEmpty && !contents.key.isEmpty)
    }

    @Test func `Each file that cannot be used is named`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["missing", "empty", "garbage", "half", "one.key"] {
            let error = #expect(throws: RegistryError.self) { try TLSFiles(ca: path(name)).read() }
            #expect(error.map { "\($0)".contains(path(name)) } == true, "\(name)")
        }
        for name in ["missing", "empty", "two.key", "locked.key", "one.crt"] {
            let error = #expect(throws: RegistryError.self) {
                try TLSFiles(certificate: path("one.crt"), key: path(name)).read()
            }
            #expect(error.map { "\($0)".contains(path(name)) } == true, "\(name)")
        }
        #expect(throws: RegistryError.self) { try TLSFiles(certificate: path("one.crt")).read() }
        #expect(throws: RegistryError.self) { try TLSFiles(key: path("one.key")).read() }
    }
}
