/// Which requests the access log has, of those that a rule decides.
package struct AccessLogPolicy: Sendable, Hashable {
    /// All of them: without any setting.
    package static let all = AccessLogPolicy()
    package static let off = AccessLogPolicy(isOff: true)

    /// No request is logged, whatever else is set.
    package var isOff = false
    package var sample = SampleShare.all
    /// The statuses that are logged.
    package var only = StatusSet.all
    /// An error is logged whatever `sample` and `only` say.
    package var keepsErrors = true

    package init(isOff: Bool = false) { self.isOff = isOff }

    /// Whether a request is logged.
    ///
    /// - Parameters:
    ///   - id: the request's.
    ///   - isError: it failed, and not by its client's fault.
    package func includes(status: Int, isError: Bool, id: Span<UInt8>) -> Bool {
        if isOff { return false }
        if isError, keepsErrors { return true }
        return only.contains(status) && sample.includes(id)
    }
}
