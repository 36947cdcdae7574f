import NIOCore
import DryRun
import Routing

/// Compares the routes of one request after another.
struct DiffWorker: LogWorker {
    private let old: DryRun
    private let new: DryRun
    private(set) var result = DiffTally()
    private var head = ByteBuffer()
    private var number = 0
    /// The client of lines without an address.
    private let unknownClient = IPAddress(v4: 0x7F00_0001)

    init(_ old: ReplayTier, _ new: ReplayTier) {
        self.old = DryRun([old.dryRun], frontAddress: nil, explain: false)
        self.new = DryRun([new.dryRun], frontAddress: nil, explain: false)
    }

    mutating func line(
        _ line: Span<UInt8>,
        _ number: Int,
        fault: LogLineFault?,
        _ request: inout LoggedRequest
    ) {
        guard fault == nil else {
            result.unparsable += 1
            return
        }
        guard !request.method.isEmpty, request.write(into: &head) else { return }
        compare(head, from: IPAddress(request.client.span) ?? unknownClient, number, request.host)
    }

    mutating func compare(_ request: DryRunRequest) {
        number += 1
        guard let head = request.head else { return }
        compare(head, from: request.client, number, request.url)
    }

    private mutating func compare(_ head: ByteBuffer, from client: IPAddress, _ number: Int, _ host: [UInt8])
    {
        var before: DryRunStep?
        var after: DryRunStep?
        old.follow(head, from: client, writesLastHead: false) { before = $1 }
        new.follow(head, from: client, writesLastHead: false) { after = $1 }
        guard let before, let after else { return }
        result.note(before, after, number, host)
    }
}
