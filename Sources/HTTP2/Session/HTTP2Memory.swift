import CNghttp2
package import NIOCore

/// What the sessions of one event loop use in turn. Used on that loop alone.
package final class HTTP2Memory {
    /// The heads of the events, one after another. Valid until the next `HTTP2Session.receive` on this loop.
    package internal(set) var text = ByteBuffer()
    /// Memory for the events of the session whose turn it is.
    private var spare: [HTTP2Event] = []
    /// Fields on their way to the library.
    let fields = FieldBlock()
    /// Frames on their way out.
    var output = ByteBuffer()

    /// What is kept between two events, bytes.
    static let keptBytes = 64 << 10

    package init() {}

    /// The last output is not needed any longer. The same memory again, unless some of it still waits.
    func clearOutput() {
        if output.storageCapacity > Self.keptBytes { output = ByteBuffer() } else { output.clear() }
    }

    /// Room for events.
    func lend() -> [HTTP2Event] {
        let events = spare
        spare = []
        return events
    }

    /// Takes the room back, empty.
    func takeBack(_ events: consuming [HTTP2Event]) {
        events.removeAll(keepingCapacity: events.capacity <= Self.keptEvents)
        spare = events
    }

    private static let keptEvents = 1024

    /// The last events, and their heads, are not needed any longer.
    package func recycle(_ events: consuming [HTTP2Event] = []) {
        takeBack(events)
        if text.storageCapacity > Self.keptBytes { text = ByteBuffer() } else { text.clear() }
    }
}
