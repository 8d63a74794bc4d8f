using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Chancery.Server.Platform.Settings;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Chancery.Server.Platform.Edge;

/// <summary>Where the server listens: loopback unless told otherwise; TLS where there is a certificate.</summary>
public static class Listening
{
    /// <summary>
    /// The address to bind to, with TLS_CERT_FILE and TLS_KEY_FILE read, and what MTLS says of callers' certificates.
    /// </summary>
    /// <param name="host">A name, an IPv4 or an IPv6 address.</param>
    /// <param name="port">0 takes a free one.</param>
    /// <exception cref="SettingException">The certificate, or what callers' are held against, cannot be used.</exception>
    public static string UseAddress(this WebApplicationBuilder builder, string host, int port)
    {
        var mutual = MutualTls.Read(builder.Configuration);
        if (mutual.Port == port)
        {
            throw new SettingException(
                MutualTls.PortName,
                "is the server's own port: name another, or unset it, and the server's only port asks for certificates."
            );
        }

        var certificate = CertificateFiles.Read(builder.Configuration);
        if (certificate is not null)
        {
            var clients = ClientCertificates.Read(builder.Configuration, mutual);
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.Services.Configure<KestrelServerOptions>(options =>
                options.ConfigureEndpointDefaults(endpoint => UseTls(endpoint, certificate, clients, mutual))
            );
            builder.Services.AddSingleton(certificate);
            builder.Services.AddHostedService<TlsMeter>();
            if (clients is not null)
            {
                builder.Services.AddSingleton(clients);
            }
        }

        // A free port is taken on one address, and "localhost" is two.
        var name = (host, port) is ("localhost", 0) ? "127.0.0.1" : host;
        var bracketed =
            IPAddress.TryParse(name, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
                ? $"[{address}]"
                : name;
        var url = $"{(certificate is null ? "http" : "https")}://{bracketed}:{port}";
        builder.WebHost.UseUrls(mutual.Port is { } own ? [url, $"https://{bracketed}:{own}"] : [url]);
        return url;
    }

    /// <summary>Whether only this machine reaches a server that listens there.</summary>
    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static void UseTls(
        ListenOptions endpoint,
        CertificateFiles certificate,
        ClientCertificates? clients,
        MutualTls mutual
    )
    {
        var logger = endpoint.ApplicationServices.GetRequiredService<ILogger<CertificateFiles>>();
        var clientsLogger = endpoint.ApplicationServices.GetRequiredService<ILogger<ClientCertificates>>();
        endpoint.UseHttps(
            new TlsHandshakeCallbackOptions
            {
                OnConnection = context =>
                {
                    var handshake = new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = certificate.Current(logger),
                    };
                    if (mutual.AsksAt((context.Connection.LocalEndPoint as IPEndPoint)?.Port))
                    {
                        clients!.Ask(handshake, mutual.Mode == MutualTlsMode.Required, clientsLogger);
                    }

                    return ValueTask.FromResult(handshake);
                },
            }
        );
    }
}
