/// What is recorded of the requests of a rule, and of their responses.
package struct TapPolicy: Sendable, Hashable {
    /// The largest part of a body that can be recorded, bytes.
    package static let maxBodyBytes = 1 << 20

    /// Fields whose values are never recorded, in lower case: they are credentials.
    package static let credentials: [[UInt8]] = [
        "authorization", "proxy-authorization", "cookie", "set-cookie",
    ].map { Array($0.utf8) }

    /// The fields of heads are recorded.
    package var heads = true
    /// So much of each body is recorded, bytes.
    package var bodyBytes = 0
    package var sample = SampleShare.all
    /// Fields whose values are not recorded, in lower case; `credentials` among them.
    package var redactedFields = credentials
    /// Parameters of queries whose values are not recorded, in lower case.
    package var redactedParameters: [[UInt8]] = []

    package init() {}
}
