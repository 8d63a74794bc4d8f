using Chancery.Models;

namespace Chancery.Server.Platform.LocalModels;

/// <summary>Where models and the runtime are installed: a directory for each, named by package version.</summary>
/// <param name="root">Of all of them; made when something is installed.</param>
public sealed class LocalModelDirectory(string root)
{
    /// <summary>
    /// MODELS_DIR, or <c>chancery/models</c> in the user's cache: what was fetched once serves every data directory and checkout
    /// of that user.
    /// </summary>
    public static LocalModelDirectory Of(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);

        if (configuration["MODELS_DIR"] is { Length: > 0 } given)
            return new LocalModelDirectory(Path.GetFullPath(given));

        var cache = configuration["XDG_CACHE_HOME"] is { Length: > 0 } home
            ? home
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return new LocalModelDirectory(Path.Combine(cache, "chancery", "models"));
    }

    public string Root { get; } = root;

    /// <summary>The directory of a package, whether or not it is there.</summary>
    public string Of(LocalModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        return Path.Combine(Root, $"{package.Name}-{package.Version}");
    }

    /// <summary>Whether all its files are there with their sizes; their content was checked when they were installed.</summary>
    public bool Has(LocalModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);

        var needed = package.Needed.ToArray();
        return needed.Length > 0
            && needed.All(file =>
                new FileInfo(Path.Combine(Of(package), file.Name)) is { Exists: true } found
                && found.Length == file.Bytes
            );
    }

    /// <summary>ONNX Runtime's library; null when it is not installed.</summary>
    public string? FindRuntime(LocalModelCatalogue catalogue)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        return Has(catalogue.Runtime)
            ? Path.Combine(Of(catalogue.Runtime), catalogue.Runtime.Needed.First().Name)
            : null;
    }

    /// <summary>How to load a model; null when it, or the runtime, is not installed.</summary>
    public LocalEncoderOptions? Find(LocalModelCatalogue catalogue, string name)
    {
        ArgumentNullException.ThrowIfNull(catalogue);

        if (catalogue.Find(name) is not { } model || !Has(model) || FindRuntime(catalogue) is not { } library)
            return null;

        return new LocalEncoderOptions
        {
            Model = model.Identity,
            LibraryPath = library,
            ModelPath = Path.Combine(Of(model), "model.onnx"),
            TokenizerPath = Path.Combine(Of(model), "tokenizer.json"),
            Pooling = model.Pooling,
            MaxTokens = model.MaxTokens,
            QueryPrefix = model.QueryPrefix,
            PassagePrefix = model.PassagePrefix,
            Unrelated = model.Unrelated,
        };
    }
}
