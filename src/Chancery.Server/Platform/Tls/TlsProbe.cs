using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Chancery.Server.Platform.Redis;
using Npgsql;

namespace Chancery.Server.Platform.Tls;

/// <summary>
/// Begins TLS with one of the operator's engines and says what is wrong with it, which their client libraries keep to themselves.
/// Nothing is asked of the engine, and no password sent.
/// </summary>
internal static class TlsProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // How a client of PostgreSQL asks for TLS: the length of the message, and a number that is no version.
    private static readonly byte[] PostgresRequest = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];

    /// <summary>
    /// What is wrong with TLS to a PostgreSQL; null when nothing is, when it is reached without, and when it is not reached at all.
    /// </summary>
    public static async Task<string?> OfPostgresAsync(
        string connectionString,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var to = new NpgsqlConnectionStringBuilder(connectionString);
        if (
            to.SslMode is SslMode.Disable or SslMode.Allow or SslMode.Prefer
            || to.Host is not { Length: > 0 } host
            || host[0] is '/' or '@'
            || host.Contains(',', StringComparison.Ordinal)
        )
        {
            return null;
        }

        Authorities? authorities = null;
        if (to.RootCertificate is { Length: > 0 } path)
        {
            try
            {
                authorities = Authorities.Read(path, await File.ReadAllBytesAsync(path, cancellationToken));
            }
            catch (Exception exception) when (RenewedFiles<Authorities>.IsUnusable(exception))
            {
                return $"its sslrootcert {path} cannot be used: {exception.Message}";
            }
        }

        return await BeginAsync(
            host,
            to.Port,
            async (stream, patience) =>
            {
                await stream.WriteAsync(PostgresRequest, patience);
                var answer = new byte[1];
                await stream.ReadExactlyAsync(answer, patience);
                return answer[0] == 'S'
                    ? null
                    : $"PostgreSQL at {host}:{to.Port} speaks no TLS, which its address asks for: set ssl = on there. "
                        + "Nothing was sent without";
            },
            new SslClientAuthenticationOptions { TargetHost = host },
            (shown, chain, errors) =>
                to.SslMode == SslMode.Require && authorities is null
                    ? null
                    : WhyNot(
                        shown,
                        chain,
                        to.SslMode == SslMode.VerifyFull
                            ? errors
                            : errors & ~SslPolicyErrors.RemoteCertificateNameMismatch,
                        host,
                        authorities,
                        to.RootCertificate,
                        time.GetUtcNow()
                    ),
            $"PostgreSQL at {host}:{to.Port}",
            cancellationToken
        );
    }

    /// <summary>What is wrong with TLS to a Redis; null when nothing is.</summary>
    public static Task<string?> OfRedisAsync(
        RedisTransport transport,
        string host,
        int port,
        CancellationToken cancellationToken
    ) =>
        BeginAsync(
            host,
            port,
            (_, _) => Task.FromResult<string?>(null),
            new SslClientAuthenticationOptions
            {
                TargetHost = host,
                LocalCertificateSelectionCallback = transport.Select,
            },
            transport.WhyNot,
            $"Redis at {host}:{port}",
            cancellationToken
        );

    /// <summary>Why a server is not whom it was taken for, in a clause; null when it is.</summary>
    /// <param name="errors">What the framework found by the authorities of the machine.</param>
    /// <param name="authorities">Whom its certificate has to come from instead; null for those of the machine.</param>
    /// <param name="path">Of their file, for the message.</param>
    public static string? WhyNot(
        X509Certificate? shown,
        X509Chain? chain,
        SslPolicyErrors errors,
        string host,
        Authorities? authorities,
        string? path,
        DateTimeOffset now
    )
    {
        if (shown is not X509Certificate2 certificate)
        {
            return "it shows no certificate";
        }

        if (authorities is not null)
        {
            var why = PeerCertificate
                .Judge(certificate, chain?.ChainPolicy.ExtraStore ?? [], authorities, CertificateUse.Server, now)
                .WhyNot;
            if (why is not null)
            {
                return $"{why} (authorities: {path})";
            }
        }
        else if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            return $"this machine's authorities do not vouch for it: {Statuses(chain)}";
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? $"it is for {PeerCertificate.NamesOf(certificate)}, and not for {host}"
            : null;
    }

    private static async Task<string?> BeginAsync(
        string host,
        int port,
        Func<NetworkStream, CancellationToken, Task<string?>> prepareAsync,
        SslClientAuthenticationOptions handshake,
        Func<X509Certificate?, X509Chain?, SslPolicyErrors, string?> judge,
        string whom,
        CancellationToken cancellationToken
    )
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        string? why = null;
        handshake.RemoteCertificateValidationCallback = (_, shown, chain, errors) =>
            (why = judge(shown, chain, errors)) is null;
        handshake.CertificateChainPolicy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(host, port, patience.Token);
        }
        catch (Exception exception) when (exception is SocketException || IsOver(exception, cancellationToken))
        {
            // That nobody answers is said elsewhere.
            return null;
        }

        try
        {
            await using var stream = client.GetStream();
            if (await prepareAsync(stream, patience.Token) is { } refusal)
            {
                return refusal;
            }

            await using var secure = new SslStream(stream);
            await secure.AuthenticateAsClientAsync(handshake, patience.Token);
            return null;
        }
        catch (Exception exception)
            when (exception is AuthenticationException or IOException || IsOver(exception, cancellationToken))
        {
            return why is null
                ? $"{whom} ends the handshake of TLS: {exception.Message}"
                : $"the certificate of {whom} does not count: {why}";
        }
    }

    private static bool IsOver(Exception exception, CancellationToken cancellationToken) =>
        exception is OperationCanceledException && !cancellationToken.IsCancellationRequested;

    private static string Statuses(X509Chain? chain) =>
        string.Join(' ', chain?.ChainStatus.Select(status => status.StatusInformation.Trim()) ?? []);
}
