import NIOConcurrencyHelpers

/// A value that becomes known later. Any thread.
final class LateBox<Value: Sendable>: Sendable {
    private let box = NIOLockedValueBox<Value?>(nil)

    var value: Value? { box.withLockedValue { $0 } }

    func set(_ value: Value) { box.withLockedValue { $0 = value } }
}
