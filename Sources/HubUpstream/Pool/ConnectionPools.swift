import HubCore
import NIOCore
import NIOPosix
import Synchronization

/// HTTP/1.1 to the addresses of one upstream: a pool for each address on each event loop, so that a request that comes in on a loop goes out
/// and comes back on it, without a lock or a hop.
final class ConnectionPools: UpstreamTransport {
    private struct Slot: Sendable {
        let executor: LoopTaskExecutor
        let pools: NIOLoopBoundBox<[EndpointPool]?>
    }

    private let slots: [Slot]
    private let turn = Atomic<Int>(0)
    private let settings: UpstreamSettings
    private let connectors: [Connector]

    /// - Parameters:
    ///   - endpoints: the addresses, in the order of their indexes.
    ///   - group: the event loops; callers that run on none of them get each in turn.
    init(_ endpoints: [Endpoint], settings: UpstreamSettings, group: MultiThreadedEventLoopGroup) {
        self.settings = settings
        let tls = TLSClient.with(authorities: settings.authorities)
        connectors = endpoints.map { Connector(endpoint: $0, tls: tls, isPublicOnly: !settings.isOperatorDefined) }
        slots = group.makeIterator().map { loop in
            Slot(executor: LoopTaskExecutor.executor(for: loop), pools: .makeEmptyBox(valueType: [EndpointPool].self, eventLoop: loop))
        }
    }

    func exchange(_ request: EndpointRequest, endpoint: Int) async throws(UpstreamFailure) -> EndpointAnswer {
        if let loop = MultiThreadedEventLoopGroup.currentEventLoop, let slot = slots.first(where: { $0.executor.eventLoop === loop }),
            slot.executor.carriesCurrentTask
        {
            return try await exchange(request, endpoint: endpoint, on: slot)
        }
        let slot = slots[abs(turn.wrappingAdd(1, ordering: .relaxed).oldValue % slots.count)]
        let result = await withTaskExecutorPreference(slot.executor) {
            await self.exchangeFromElsewhere(request, endpoint: endpoint, on: slot)
        }
        return try result.get()
    }

    func close() {
        for slot in slots {
            slot.executor.eventLoop.execute {
                for pool in slot.pools.value ?? [] { pool.close() }
            }
        }
    }

    @concurrent private func exchangeFromElsewhere(
        _ request: EndpointRequest, endpoint: Int, on slot: Slot
    ) async -> Result<EndpointAnswer, UpstreamFailure> {
        do throws(UpstreamFailure) {
            return .success(try await exchange(request, endpoint: endpoint, on: slot))
        } catch {
            return .failure(error)
        }
    }

    private func exchange(_ request: EndpointRequest, endpoint: Int, on slot: Slot) async throws(UpstreamFailure) -> EndpointAnswer {
        guard !Task.isCancelled else { throw .cancelled }
        let pool = pools(on: slot)[endpoint]
        let exchange = Exchange(request, pool: pool)
        pool.start(exchange)
        do throws(UpstreamFailure) {
            return try await exchange.answer()
        } catch {
            if case .closedUnanswered(wasKept: true) = error { pool.distrustKept() }
            throw error
        }
    }

    private func pools(on slot: Slot) -> [EndpointPool] {
        if let pools = slot.pools.value { return pools }
        let pools = connectors.map { EndpointPool(executor: slot.executor, connector: $0, settings: settings) }
        slot.pools.value = pools
        return pools
    }
}
