import FoundationEssentials
import Settings

/// The description of the admin interface for programs: OpenAPI 3.1, made of the table of routes.
struct OpenAPI: Sendable {
    private let routes: [ControlRoute]

    init(_ routes: [ControlRoute]) {
        self.routes = routes
    }

    /// `GET /openapi.json`, which describes itself, too.
    static func routes(describing routes: [ControlRoute]) -> [ControlRoute] {
        let summary = "The description of this interface (OpenAPI 3.1)."
        let own = ControlRoute("GET", "/openapi.json", .open, summary) { _ in .error(500, "") }
        let document = OpenAPI(routes + [own]).document
        return [
            ControlRoute("GET", "/openapi.json", .open, summary) { _ in
                ControlResponse(status: 200, body: document)
            }
        ]
    }

    /// JSON, with its members in order.
    var document: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return (try? encoder.encode(node)).map { [UInt8]($0) + [UInt8(ascii: "\n")] } ?? []
    }

    private var node: JSONNode {
        var paths: [String: JSONNode] = [:]
        for path in Set(routes.map(Self.path)) {
            let own = routes.filter { Self.path($0) == path }
            paths[path] = .object(
                Dictionary(own.map { ($0.method.lowercased(), operation($0)) }) { first, _ in first }
            )
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Admin interface of a Berth tier", "version": .text(BerthVersion.current),
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(AdminSchemas.named.mapValues(\.json)),
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
            ],
        ]
    }

    private static func path(_ route: ControlRoute) -> String {
        "/"
            + route.path.map { segment in
                switch segment {
                case .literal(let text): text
                case .parameter(let name): "{\(name)}"
                }
            }.joined(separator: "/")
    }

    private func operation(_ route: ControlRoute) -> JSONNode {
        let shape = AdminSchemas.shapes["\(route.method) \(Self.path(route))"] ?? AdminShape()
        var operation: [String: JSONNode] = [
            "summary": .text(route.summary),
            "operationId": .text(Self.identifier(route)),
            "x-level": .text(route.level.rawValue),
            "responses": responses(shape),
        ]
        if route.level > .open { operation["security"] = [["token": []]] }
        var parameters: [JSONNode] = []
        for case .parameter(let name) in route.path {
            parameters.append([
                "name": .text(name), "in": "path", "required": .bool(true),
                "schema": ["type": "string", "minLength": .number(1)],
            ])
        }
        for (name, schema) in shape.query {
            parameters.append(["name": .text(name), "in": "query", "schema": schema.json])
        }
        if !parameters.isEmpty { operation["parameters"] = .list(parameters) }
        if let body = shape.body {
            operation["requestBody"] = [
                "required": .bool(shape.needsBody), "content": ["application/json": ["schema": body.json]],
            ]
        }
        return .object(operation)
    }

    private func responses(_ shape: AdminShape) -> JSONNode {
        var responses: [String: JSONNode] = [
            "200": [
                "description": "Done.",
                "content": .object([shape.contentType: ["schema": shape.response.json]]),
            ],
            "default": [
                "description": "An error.",
                "content": ["application/json": ["schema": JSONSchema.named("Error").json]],
            ],
        ]
        for (status, meaning) in shape.others {
            responses["\(status)"] = [
                "description": .text(meaning),
                "content": ["application/json": ["schema": shape.response.json]],
            ]
        }
        return .object(responses)
    }

    /// `get_pools_name`
    private static func identifier(_ route: ControlRoute) -> String {
        let words = route.path.map { segment in
            switch segment {
            case .literal(let text): text
            case .parameter(let name): name
            }
        }
        return ([route.method.lowercased()] + words).joined(separator: "_")
            .map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "_" }.joined()
    }
}
