using System.Diagnostics.Metrics;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Tls;

namespace Chancery.Server.Platform.Edge;

/// <summary>
/// Until when certificates and lists from files count, and whether newer files wait that cannot be used. Looking at the figures
/// looks at the files, too, so that they are read without anybody calling.
/// </summary>
internal sealed class TlsMeter(
    IMeterFactory meters,
    ILogger<CertificateFiles> serverLogger,
    ILogger<ClientCertificates> clientsLogger,
    ILogger<OutgoingTls> outgoingLogger,
    OutgoingTls outgoing,
    IServiceProvider services
) : IHostedService
{
    private readonly CertificateFiles? _server = services.GetService<CertificateFiles>();
    private readonly ClientCertificates? _clients = services.GetService<ClientCertificates>();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var meter = meters.Create("Chancery.Tls");
        meter.CreateObservableGauge<double>(
            "chancery_tls_end_timestamp_seconds",
            Ends,
            description: "When what is in use ends, in seconds since 1970: the server's certificate, callers' authorities, revocation lists, what is shown to endpoints."
        );
        meter.CreateObservableGauge<long>(
            "chancery_tls_files_unusable",
            Unusable,
            description: "1 while newer files cannot be used and what was before stays in use."
        );
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<double>> Ends()
    {
        if (_server is not null)
        {
            yield return Of(PeerCertificate.EndOf(_server.Current(serverLogger).TargetCertificate), "server");
        }

        if (outgoing.Own(outgoingLogger) is { } own)
        {
            yield return Of(PeerCertificate.EndOf(own.TargetCertificate), "outgoing");
        }

        if (outgoing.Vouching(outgoingLogger) is { } vouching)
        {
            yield return Of(vouching.All.Min(one => PeerCertificate.EndOf(one)), "outgoing_authorities");
        }

        if (_clients?.Current(clientsLogger) is not { } authorities)
        {
            yield break;
        }

        yield return Of(authorities.All.Min(one => PeerCertificate.EndOf(one)), "client_authorities");
        if (authorities.Lists?.Min(list => list.Ends) is { } ends)
        {
            yield return Of(ends, "revocation_lists");
        }
    }

    private IEnumerable<Measurement<long>> Unusable()
    {
        if (_server is not null)
        {
            _server.Current(serverLogger);
            yield return new Measurement<long>(_server.IsStale ? 1 : 0, Kind("server"));
        }

        if (outgoing.Own(outgoingLogger) is not null)
        {
            yield return new Measurement<long>(outgoing.IsOwnStale ? 1 : 0, Kind("outgoing"));
        }

        if (outgoing.Vouching(outgoingLogger) is not null)
        {
            yield return new Measurement<long>(outgoing.AreAuthoritiesStale ? 1 : 0, Kind("outgoing_authorities"));
        }

        if (_clients is not null)
        {
            _clients.Current(clientsLogger);
            yield return new Measurement<long>(_clients.IsStale ? 1 : 0, Kind("client_authorities"));
        }
    }

    private static Measurement<double> Of(DateTimeOffset ends, string kind) =>
        new(ends.ToUnixTimeSeconds(), Kind(kind));

    private static KeyValuePair<string, object?> Kind(string kind) => new("kind", kind);
}
