import Foundation
import Testing

/// What the package manager cannot check: which modules a target must not import although they can be had.
/// (`Package.swift` lists what each target may import; a build refuses the rest.)
private let denials: [(modules: Set<String>, except: Set<String>, why: String)] = [
    (
        [
            "Foundation", "FoundationInternationalization", "FoundationNetworking", "FoundationXML",
            "NIOFoundationCompat",
        ],
        [],
        "ICU and its 34 MB of data stay out of the program: FoundationEssentials has what is needed"
    ),
    (
        ["FoundationEssentials", "Dispatch"],
        [
            "RoutingConfig", "Linting", "RegistryClient", "EtcdClient", "ContainerNames", "Registration",
            "Operations", "RuleTesting", "berth",
            // A requirement of NIO's `EventLoop` names a dispatch queue.
            "EpollLoop",
        ],
        "FoundationEssentials stays out of what runs per request, and of the libraries"
    ),
    (
        [
            "NIOCore", "NIOPosix", "NIOEmbedded", "NIOConcurrencyHelpers",
            "NIOFoundationEssentialsCompat",
        ],
        [
            "SystemSupport", "TLS", "HTTP2", "Names", "DNSNames", "RegistryClient", "EtcdClient", "EtcdNames",
            "ContainerNames", "Registration", "Transports", "EpollLoop", "ProxyCore", "Proxy", "DryRun",
            "Operations", "RuleTesting", "berth",
        ],
        "NIO stays out of everything below the name sources"
    ),
    (
        ["NIOPosix"],
        ["Names", "SystemSupport", "Operations", "berth"],
        "no channel of NIO is on the path of a request: its sockets belong to EpollLoop"
    ),
    (
        ["NIOHTTP1"],
        ["Operations"],
        "messages of the data path are HTTP1's"
    ),
    (
        ["CCurl", "NIOFoundationEssentialsCompat"],
        ["RegistryClient"],
        "the HTTP client belongs to the registries"
    ),
    (["CYaml"], ["RoutingConfig"], "libyaml's memory is accessed in one place"),
    (
        ["COpenSSL"],
        ["PEM", "Proxy", "TLS"],
        "the dry run and rule tests are linked with no TLS library"
    ),
    (
        ["FuzzChecks", "HTTPCases", "NIOEmbedded", "RegistryTestSupport", "Testing"], [],
        "what tests use is not part of the program"
    ),
]

/// The folder of the sources.
private let sources = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources")

private func swiftFiles() throws -> [(target: String, file: String, lines: [Substring])] {
    let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
    var found: [(String, String, [Substring])] = []
    while let file = files?.nextObject() as? URL {
        guard file.pathExtension == "swift" else { continue }
        let target = file.pathComponents[sources.pathComponents.count]
        let text = try String(contentsOf: file, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        found.append((target, file.lastPathComponent, lines))
    }
    return found
}

private func swiftFiles(in folder: String) throws -> [(file: String, lines: [Substring])] {
    let files = try FileManager.default.contentsOfDirectory(atPath: sources.appending(path: folder).path)
    return try files.sorted().map { file in
        let text = try String(contentsOf: sources.appending(path: "\(folder)/\(file)"), encoding: .utf8)
        return (file, text.split(separator: "\n"))
    }
}

/// The module that a line imports, whatever stands before `import`: attributes and access levels.
private func importedModule(_ line: Substring) -> Substring? {
    let words = line.split(separator: " ")
    let levels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
        words[..<index].allSatisfy({ $0.hasPrefix("@") || levels.contains($0) })
    else { return nil }
    // `import struct Foundation.Data` names the module in its path.
    let kinds: Set<Substring> = ["struct", "class", "enum", "func", "typealias", "protocol", "var", "let"]
    let name = kinds.contains(words[index + 1]) ? words[words.count - 1] : words[index + 1]
    return name.prefix { $0 != "." }
}

@Suite struct LayeringTests {
    @Test func `No target imports what it must not`() throws {
        let files = try swiftFiles()
        #expect(files.count > 100)
        for (target, file, lines) in files {
            for line in lines {
                guard let module = importedModule(line) else { continue }
                for denial in denials
                where denial.modules.contains(String(module)) && !denial.except.contains(target) {
                    Issue.record("\(target)/\(file) imports \(module): \(denial.why)")
                }
            }
        }
    }

    @Test(
        arguments: [
            "import Foundation", "public import Foundation", "package import Foundation",
            "@preconcurrency package import Foundation", "import struct Foundation.Data",
            "@testable import Foundation",
        ]
    )
    func `An import is seen whatever stands before it`(line: String) {
        #expect(importedModule(line[...]) == "Foundation")
    }

    @Test func `No source file has grown past 400 lines`() throws {
        for (target, file, lines) in try swiftFiles() {
            #expect(lines.count <= 400, "\(target)/\(file) has \(lines.count) lines")
        }
    }

    @Test func `No type is spread over more than three files`() throws {
        var files: [String: Set<String>] = [:]
        for (target, file, _) in try swiftFiles() {
            let type = file.dropLast(".swift".count).prefix { $0 != "+" }
            files["\(target)/\(type)", default: []].insert(file)
        }
        for (type, names) in files.sorted(by: { $0.key < $1.key }) {
            #expect(names.count <= 3, "\(type) is spread over \(names.sorted().joined(separator: ", "))")
        }
    }

    @Test func `A client's connection has less than 500 lines, in all its files`() throws {
        var count = 0
        for (_, file, lines) in try swiftFiles() where file.hasPrefix("DownstreamConnection") {
            // After the last line end there is nothing.
            count += lines.count - 1
        }
        #expect(count > 0 && count < 500)
    }

    /// Message heads (`RequestHead`, `ResponseHead`) are byte ranges, whatever protocol they arrived in. How HTTP/1
    /// frames and writes a message is a connection's business.
    @Test func `An exchange, its machine and the tunnel name no connection and no wire format`() throws {
        let wire = [
            "DownstreamConnection", "UpstreamConnection", "BodyDecoder", "BodyFraming", "BodyCoding",
            "HTTPVersion",
            "ChunkLine", "HTTP1Response", "HTTP1RequestBody", "Channel", "SocketAddress",
        ]
        var seen = 0
        for (file, lines) in try swiftFiles(in: "ProxyCore/Exchange") + swiftFiles(in: "ProxyCore/Tunnel") {
            seen += 1
            for line in lines where !line.drop(while: \.isWhitespace).hasPrefix("//") {
                let words = Set(line.split { !$0.isLetter && !$0.isNumber }.map(String.init))
                #expect(words.isDisjoint(with: wire), "\(file): \(line)")
            }
        }
        #expect(seen > 10)
    }
}
