import NIOHTTP1

/// The fields that each response of the admin interface has, so that no page of another origin reads, frames or keeps it.
enum AdminHeaders {
    /// The page loads scripts, styles and data from the admin interface alone: nothing inline, nothing from elsewhere. Nor
    /// can a script make markup or code from text (Trusted Types).
    static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")

    static let fields: [(name: String, value: String)] = [
        ("Content-Security-Policy", contentSecurityPolicy),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ]

    /// All fields of a response. The connection ends after it.
    static func fields(of response: ControlResponse) -> HTTPHeaders {
        var fields = HTTPHeaders()
        fields.add(name: "Content-Type", value: response.contentType)
        fields.add(name: "Content-Length", value: "\(response.body.count)")
        fields.add(name: "Connection", value: "close")
        for (name, value) in Self.fields + response.fields { fields.add(name: name, value: value) }
        return fields
    }
}
