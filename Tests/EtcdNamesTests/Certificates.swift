import Foundation
import Testing

/// A certificate authority for a test.
enum Certificates {
    static func make(in folder: URL) throws {
        try openssl(
            folder,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=test-ca -keyout ca.key -out ca.crt"
        )
        for name in ["server", "client"] {
            try "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n".write(
                to: folder.appending(path: "\(name).ext"),
                atomically: true,
                encoding: .utf8
            )
            try openssl(
                folder,
                "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=\(name) -keyout \(name).key -out \(name).csr"
            )
            try openssl(
                folder,
                "x509 -req -in \(name).csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 1 -extfile \(name).ext -out \(name).crt"
            )
        }
    }

    private static func openssl(_ folder: URL, _ arguments: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}
