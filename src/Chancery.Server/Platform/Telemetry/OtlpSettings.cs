using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Settings;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;

namespace Chancery.Server.Platform.Telemetry;

/// <summary>Where OpenTelemetry's protocol is spoken to, by OpenTelemetry's own variables.</summary>
/// <param name="Traces">Where spans go; null for nowhere.</param>
/// <param name="Metrics">Where figures go; null for nowhere.</param>
/// <param name="Headers">A secret: <c>name=value</c> with commas.</param>
/// <param name="Timeout">Longest single call.</param>
internal sealed record OtlpSettings(
    Uri? Traces,
    Uri? Metrics,
    string? Headers,
    OtlpExportProtocol Protocol,
    TimeSpan Timeout,
    string ServiceName
)
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <exception cref="SettingException">A value cannot be used.</exception>
    public static OtlpSettings Read(IConfiguration configuration)
    {
        var protocol = configuration["OTEL_EXPORTER_OTLP_PROTOCOL"]?.Trim() switch
        {
            null or "" or "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            "grpc" => OtlpExportProtocol.Grpc,
            _ => throw new SettingException("OTEL_EXPORTER_OTLP_PROTOCOL", "takes http/protobuf or grpc."),
        };
        var off = Numbers.Flag(configuration, "OTEL_SDK_DISABLED") ?? false;
        return new(
            off ? null : AddressOf(configuration, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "v1/traces", protocol),
            off ? null : AddressOf(configuration, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "v1/metrics", protocol),
            HeadersOf(configuration),
            protocol,
            TimeSpan.FromMilliseconds(Numbers.Read(configuration, "OTEL_EXPORTER_OTLP_TIMEOUT", 10_000, 1, 600_000)),
            configuration["OTEL_SERVICE_NAME"]?.Trim() is { Length: > 0 } name ? name : "chancery"
        );
    }

    public OtlpExporterOptions Options(Uri address, OperatorHttp http) => Options(address, Headers, Protocol, http);

    public OtlpExporterOptions Options(Uri address, string? headers, OtlpExportProtocol protocol, OperatorHttp http) =>
        new()
        {
            Endpoint = address,
            Headers = headers,
            Protocol = protocol,
            TimeoutMilliseconds = (int)Timeout.TotalMilliseconds,
            // The exporter leaves the time to its client.
            HttpClientFactory = () => http.Within(Timeout),
        };

    /// <summary>Who tells: the product, its version, and what OTEL_RESOURCE_ATTRIBUTES adds.</summary>
    public void Describe(ResourceBuilder resource) =>
        resource.AddService(
            ServiceName,
            serviceVersion: typeof(OtlpSettings).Assembly.GetName().Version?.ToString(3),
            serviceInstanceId: Environment.MachineName
        );

    // Records print every property.
    public override string ToString() => $"OTLP to {Traces?.Host ?? "nowhere"} and {Metrics?.Host ?? "nowhere"}";

    private static Uri? AddressOf(IConfiguration configuration, string own, string path, OtlpExportProtocol protocol)
    {
        if (configuration[own]?.Trim() is { Length: > 0 } exact)
        {
            return Address(own, exact);
        }

        if (configuration[Endpoint]?.Trim() is not { Length: > 0 } common)
        {
            return null;
        }

        var root = Address(Endpoint, common);
        return protocol == OtlpExportProtocol.Grpc ? root : new Uri(root.AbsoluteUri.TrimEnd('/') + "/" + path);
    }

    private static Uri Address(string name, string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var address)
        && address.Scheme is "http" or "https"
        && address.UserInfo.Length == 0
            ? address
            : throw new SettingException(name, "takes an address such as http://localhost:4318, without a password.");

    private static string? HeadersOf(IConfiguration configuration)
    {
        const string name = "OTEL_EXPORTER_OTLP_HEADERS";
        var headers = SecretSetting.Read(configuration, name);
        return headers is null || headers.Split(',').All(one => one.IndexOf('=', StringComparison.Ordinal) > 0)
            ? headers
            : throw new SettingException(name, "takes name=value, with commas.");
    }
}
