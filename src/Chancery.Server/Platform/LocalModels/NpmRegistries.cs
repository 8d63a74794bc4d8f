using System.Text.RegularExpressions;

namespace Chancery.Server.Platform.LocalModels;

/// <summary>
/// Which npm registry serves a package on this machine: MODEL_REGISTRY, else what npm itself is configured with, so that a company's
/// mirror needs to be named once only. npm's credentials are not read.
/// </summary>
public sealed partial class NpmRegistries
{
    private const string Key = "registry";

    private static readonly string[] MachineFiles = ["/usr/local/etc/npmrc", "/usr/etc/npmrc", "/etc/npmrc"];

    private readonly Uri? _mirror;
    private readonly Uri _standard;
    private readonly Dictionary<string, string> _settings = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="standard">Where neither says anything.</param>
    /// <param name="mirror">MODEL_REGISTRY; serves all packages.</param>
    /// <param name="files">npm's, the most important one first; those that are missing or unreadable are passed over.</param>
    /// <param name="environment">The value of a variable; null where it is not set.</param>
    /// <exception cref="ModelInstallException">An address is none.</exception>
    public NpmRegistries(string standard, string? mirror, IEnumerable<string> files, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(environment);

        _standard = Address(standard, "The catalogue");
        _mirror = string.IsNullOrWhiteSpace(mirror) ? null : Address(mirror, "MODEL_REGISTRY");
        if (environment("npm_config_registry") is { Length: > 0 } given)
            _settings.Add(Key, given);
        foreach (var line in files.SelectMany(LinesOf))
        {
            if (Setting().Match(line) is { Success: true } setting)
            {
                var value = Variable()
                    .Replace(setting.Groups["value"].Value, name => environment(name.Groups[1].Value) ?? name.Value);
                _settings.TryAdd(setting.Groups["key"].Value, value);
            }
        }
    }

    public static NpmRegistries Of(IConfiguration configuration, LocalModelCatalogue catalogue)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(catalogue);

        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return new NpmRegistries(
            catalogue.Registry,
            configuration["MODEL_REGISTRY"],
            [
                configuration["npm_config_userconfig"] ?? Path.Combine(home, ".npmrc"),
                .. configuration["npm_config_globalconfig"] is { } machine ? [machine] : MachineFiles,
            ],
            // npm does not look at the case of its variables, and neither does this.
            name => configuration[name]
        );
    }

    /// <param name="package">Such as <c>onnxruntime-node</c> or <c>@scope/name</c>.</param>
    /// <exception cref="ModelInstallException">npm is configured with an address that is none.</exception>
    public Uri For(string package)
    {
        ArgumentNullException.ThrowIfNull(package);

        if (_mirror is not null)
            return _mirror;

        var scope = package.StartsWith('@') ? package[..package.IndexOf('/', StringComparison.Ordinal)] : null;
        return
            (scope is not null && _settings.TryGetValue($"{scope}:{Key}", out var configured))
            || _settings.TryGetValue(Key, out configured)
            ? Address(configured, "npm's configuration")
            : _standard;
    }

    private static Uri Address(string text, string where) =>
        Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new ModelInstallException(
                $"{where} names a registry that is no address of http or https; name one in MODEL_REGISTRY."
            );

    private static string[] LinesOf(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // registry = https://mirror.example.org/npm
    // @scope:registry="https://mirror.example.org/scoped"
    [GeneratedRegex("""^\s*(?<key>(?:@[^:\s=]+:)?registry)\s*=\s*["']?(?<value>[^"'\s]+)["']?\s*$""")]
    private static partial Regex Setting();

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex Variable();
}
