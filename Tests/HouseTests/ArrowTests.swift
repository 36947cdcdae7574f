import Foundation
import Testing

/// The targets and what each may import: the table of the design, held by a test.
/// Whoever changes the house changes this table too, and on purpose.
private let arrows: [String: Set<String>] = [
    "PCRE2": ["CPCRE2"],
    "Patterns": [],
    "Routing": ["PCRE2", "Patterns"],
    "RoutingConfig": ["Routing", "Yams", "CYaml", "Foundation", "FoundationEssentials"],
    "Linting": ["Patterns", "PCRE2", "Routing", "RoutingConfig", "Foundation"],
    "Explain": ["PCRE2", "Patterns"],
    "NginxImport": ["PCRE2", "Patterns", "Routing"],
    "HTTP1": [],
    "Balancing": [],
    "Names": [
        "NIOConcurrencyHelpers", "Routing", "DequeModule", "HashTreeCollections", "HeapModule", "NIOCore",
        "NIOPosix",
    ],
    "DNS": ["NIOConcurrencyHelpers", "CCares", "Names", "Routing"],
    "Registries": [
        "NIOConcurrencyHelpers", "Names", "Routing", "AsyncHTTPClient", "NIOCore", "NIOPosix", "NIOHTTP1",
        "NIOFoundationCompat",
        "NIOSSL",
        "Foundation",
    ],
    "Proxy": [
        "NIOConcurrencyHelpers", "CMalloc", "HTTP1", "Balancing", "Names", "Routing", "NIOCore", "NIOPosix",
    ],
    "Operations": [
        "NIOConcurrencyHelpers", "Proxy", "Names", "Registries", "DNS", "HTTP1", "Routing", "RoutingConfig",
        "NIOCore", "NIOPosix",
        "Logging",
        "Dispatch",
        "Foundation",
    ],
    "RouteTests": [
        "NIOConcurrencyHelpers", "Linting", "Operations", "Proxy", "Patterns", "PCRE2", "Routing",
        "RoutingConfig", "NIOCore",
        "Dispatch",
    ],
    "berth": [
        "NIOConcurrencyHelpers", "Explain", "Linting", "NginxImport", "PCRE2", "Patterns", "RouteTests",
        "Operations", "Proxy",
        "Names", "Registries", "HTTP1", "Routing", "RoutingConfig", "NIOCore", "NIOPosix", "ArgumentParser",
        "Logging", "Foundation",
    ],
]

/// What belongs to the language and the platform's C library.
private let everywhere: Set<String> = ["Swift", "Synchronization", "Glibc", "Musl"]

@Suite("The house")
struct ArrowTests {
    private static let sources = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources")

    private static func imports(of target: String) throws -> [(file: String, module: String)] {
        let folder = sources.appending(path: target)
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var found: [(String, String)] = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let place = words.firstIndex(of: "import"), place <= 2, place + 1 < words.count,
                    words[..<place].allSatisfy({
                        $0.hasPrefix("@") || ["public", "internal", "private"].contains($0)
                    })
                else { continue }
                // `import struct Foundation.Data` names the module in its path.
                let kinds: Set<Substring> = [
                    "struct", "class", "enum", "func", "typealias", "protocol", "var",
                ]
                let name = kinds.contains(words[place + 1]) ? words[words.count - 1] : words[place + 1]
                found.append((file.lastPathComponent, String(name.prefix { $0 != "." })))
            }
        }
        return found
    }

    @Test("Each target imports only what the table allows", arguments: arrows.keys.sorted())
    func importsFollowTheTable(target: String) throws {
        let allowed = try #require(arrows[target]).union(everywhere)
        let imports = try Self.imports(of: target)
        for (file, module) in imports {
            #expect(allowed.contains(module), "\(target)/\(file) imports \(module)")
        }
    }

    @Test("Every target of the package stands in the table")
    func tableIsComplete() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
        #expect(Set(folders) == Set(arrows.keys).union(["CCares", "CPCRE2", "CMalloc"]))
    }

    @Test("No source file has grown past 400 lines")
    func filesAreSmall() throws {
        let files = FileManager.default.enumerator(at: Self.sources, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let lines = try String(contentsOf: file, encoding: .utf8).split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
            #expect(lines.count <= 400, "\(file.lastPathComponent) has \(lines.count) lines")
        }
    }
}
