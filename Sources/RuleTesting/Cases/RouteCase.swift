package import DryRun
package import RoutingConfig
package import Routing

/// One request and its expected result.
package struct RouteCase: Sendable {
    package let name: String
    /// Its line in the file, from 1.
    package let line: Int
    package let url: String
    package let method: String
    package let headers: [(name: String, value: String)]
    package let client: IPAddress
    package let expectation: Expectation
    /// The node of the whole case.
    package let node: YAMLNode
}

extension RouteCase {
    package var request: DryRunRequest {
        var request = DryRunRequest(url: Array(url.utf8), client: client)
        request.method = method
        request.headers = headers
        return request
    }
}
