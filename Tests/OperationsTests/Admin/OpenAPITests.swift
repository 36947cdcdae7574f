import Foundation
import TestSupport
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(3)))
struct OpenAPITests {
    private static let golden = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Golden/openapi.json")

    /// Update: BERTH_UPDATE_GOLDEN=1.
    @Test func `The description of the admin interface is what it was`() async throws {
        try await AdminSite.run { site in
            let document = try await site.get("openapi.json", token: nil).body
            if ProcessInfo.processInfo.environment["BERTH_UPDATE_GOLDEN"] != nil {
                try Data(document).write(to: Self.golden)
            }
            let expected = try String(contentsOf: Self.golden, encoding: .utf8)
            #expect(String(decoding: document, as: UTF8.self) == expected)
        }
    }

    @Test func `Every route has a shape, and every schema that one names exists`() async throws {
        try await AdminSite.run { site in
            let document = try await site.get("openapi.json", token: nil).body
            let tree = try #require(
                JSONSerialization.jsonObject(with: Data(document)) as? [String: Any]
            )
            let paths = try #require(tree["paths"] as? [String: [String: [String: Any]]])
            for (path, methods) in paths {
                for method in methods.keys {
                    #expect(
                        AdminSchemas.shapes["\(method.uppercased()) \(path)"] != nil,
                        "\(method) \(path): add its shape to AdminSchemas"
                    )
                }
            }
            let text = String(decoding: document, as: UTF8.self)
            for match in text.matches(of: /"#\/components\/schemas\/(\w+)"/) {
                #expect(AdminSchemas.named[String(match.output.1)] != nil, "\(match.output.1)")
            }
            // What needs no token says so.
            let open = paths.flatMap { path, methods in
                methods.filter { $0.value["security"] == nil }.map { "\($0.key) \(path)" }
            }
            #expect(Set(open).isSuperset(of: ["get /health", "get /ready", "get /openapi.json"]))
            #expect(!open.contains { !$0.hasPrefix("get ") })
        }
    }
}
