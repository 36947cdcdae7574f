import Glibc

/// A descriptor that belongs to an `EpollLoop`, which calls it when something happens. Used on the loop's thread alone.
package class EpollSource {
    /// -1 once it is closed.
    package final fileprivate(set) var descriptor: Int32
    /// Which of all that ever had this descriptor's number in the loop; 0 before it is watched.
    final var generation: UInt32 = 0
    /// It is in the loop's list for `resume`.
    final var isToResume = false

    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Something has happened.
    package func ready(_ events: EpollEvents) {}

    /// Goes on with what it put off, after the events of the round: see `EpollLoop.resumeLater`.
    package func resume() {}

    /// The loop has ended: nothing happens any more.
    package func loopEnded() {}

    /// - Returns: the descriptor, which is the caller's to close; nil: it is closed. The source counts as closed.
    final func takeDescriptor() -> Int32? {
        guard descriptor >= 0 else { return nil }
        defer { descriptor = -1 }
        return descriptor
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
    }
}
