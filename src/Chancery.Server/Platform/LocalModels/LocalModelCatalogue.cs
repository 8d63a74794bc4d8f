using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Models;

namespace Chancery.Server.Platform.LocalModels;

/// <summary>One file of a package, and what its content must be.</summary>
/// <param name="Path">Inside the package.</param>
/// <param name="Name">What it is called once it is installed.</param>
/// <param name="Sha256">In hexadecimal.</param>
/// <param name="Architecture">Of the processor, such as "x64"; null where all share it.</param>
public sealed record LocalModelFile(string Path, string Name, long Bytes, string Sha256, string? Architecture = null);

/// <summary>A package of the npm registry that brings a model, or the runtime that models need.</summary>
/// <param name="MaxTokens">Longest text that the model takes well.</param>
/// <param name="Unrelated">See <see cref="LocalEncoderOptions.Unrelated"/>; one in a hundred good passages lies below.</param>
public sealed record LocalModelPackage(
    string Name,
    string Package,
    string Version,
    string Licence,
    IReadOnlyList<LocalModelFile> Files,
    Pooling Pooling = Pooling.Mean,
    int MaxTokens = 256,
    string QueryPrefix = "",
    string PassagePrefix = "",
    double Unrelated = -1
)
{
    /// <summary>
    /// The name under which a model's vectors are kept: whatever would make another vector of a text makes another name, so that
    /// vectors which cannot be compared never are.
    /// </summary>
    public string Identity =>
        $"{Name}@{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Recipe)))[..12]}";

    private string Recipe =>
        string.Join(
            '\n',
            [
                .. Files.Select(file => $"{file.Name} {file.Sha256}"),
                string.Create(CultureInfo.InvariantCulture, $"{Pooling} {MaxTokens} {LocalEncoder.Revision}"),
                QueryPrefix,
                PassagePrefix,
            ]
        );

    /// <summary>The files that this machine needs.</summary>
    public IEnumerable<LocalModelFile> Needed =>
        Files.Where(file =>
            file.Architecture is not { } architecture
            || string.Equals(
                architecture,
                RuntimeInformation.ProcessArchitecture.ToString(),
                StringComparison.OrdinalIgnoreCase
            )
        );
}

/// <summary>The models that can be installed by name, where they come from, and what their content must be.</summary>
/// <param name="Registry">The npm registry's address; MODEL_REGISTRY names a mirror.</param>
/// <param name="Runtime">ONNX Runtime.</param>
public sealed record LocalModelCatalogue(
    string Registry,
    LocalModelPackage Runtime,
    IReadOnlyList<LocalModelPackage> Models
)
{
    /// <summary>The model that an installation searches with unless it says otherwise.</summary>
    public const string DefaultModel = "all-MiniLM-L6-v2";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() },
    };

    /// <summary>What this build ships.</summary>
    public static LocalModelCatalogue Shipped { get; } = Load();

    public LocalModelPackage? Find(string name) =>
        Models.FirstOrDefault(model => string.Equals(model.Name, name, StringComparison.OrdinalIgnoreCase));

    private static LocalModelCatalogue Load()
    {
        using var stream = typeof(LocalModelCatalogue).Assembly.GetManifestResourceStream("local-models.json")!;
        return JsonSerializer.Deserialize<LocalModelCatalogue>(stream, Json)!;
    }
}
