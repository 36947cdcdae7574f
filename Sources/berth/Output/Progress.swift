import Glibc
import NIOConcurrencyHelpers

/// A progress bar on standard error, if that is a terminal.
///
/// Safe to use from any thread.
final class Progress: Sendable {
    private struct State {
        var percent = -1
        var isShown = false
    }

    private let label: String
    private let isOn: Bool
    private let start = ContinuousClock.now
    private let state = NIOLockedValueBox(State())

    private static let width = 30
    /// A bar appears only after this time.
    private static let delay = Duration.milliseconds(500)

    init(_ label: String) {
        self.label = label
        self.isOn = isatty(STDERR_FILENO) != 0
    }

    /// - Parameter part: 0 to 1.
    func show(_ part: Double) {
        guard isOn, ContinuousClock.now - start > Self.delay else { return }
        let percent = Int(min(1, max(0, part)) * 100)
        state.withLockedValue { state in
            // Threads may report out of order.
            guard percent > state.percent else { return }
            state.percent = percent
            state.isShown = true
            let full = percent * Self.width / 100
            let bar = String(repeating: "#", count: full) + String(repeating: " ", count: Self.width - full)
            Terminal.progress("\r\(label) [\(bar)] \(percent) %")
        }
    }

    /// Removes the bar.
    func end() {
        state.withLockedValue { state in
            if state.isShown { Terminal.progress("\r\u{1B}[K") }
            state.isShown = false
        }
    }
}
