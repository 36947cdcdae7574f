import AdminPage

/// The page of the admin interface, and the files that it loads. They state nothing of the tier: what the page shows, it
/// fetches from the other routes.
struct PageRoutes: Sendable {
    var routes: [ControlRoute] {
        [
            ControlRoute("GET", "/", .open, "A page that shows the tier in a browser.") {
                _ async throws(ControlRefusal) in
                try Self.response(PageFile.indexName)
            },
            ControlRoute("GET", "/page/{file}", .open, "A file of the page.") {
                request async throws(ControlRefusal) in
                try Self.response(request.path[1])
            },
        ]
    }

    private static func response(_ name: String) throws(ControlRefusal) -> ControlResponse {
        guard let file = PageFile.named(name) else {
            throw ControlRefusal(404, "the page has no file '\(name)'")
        }
        return ControlResponse(status: 200, contentType: file.contentType, body: file.bytes)
    }
}
