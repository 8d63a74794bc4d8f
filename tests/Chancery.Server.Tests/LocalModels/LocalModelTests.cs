using Chancery.Models;
using Chancery.Server.Knowledge;
using Chancery.Server.Platform.LocalModels;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.LocalModels;

/// <summary>A directory of models that changes while the server runs.</summary>
public sealed class LocalModelTests : IDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(31);

    private readonly string _directory = Directory.CreateTempSubdirectory("chancery-models-").FullName;
    private readonly MovedClock _clock = new();
    private readonly LocalModel _model;

    public LocalModelTests() =>
        _model = new LocalModel(new LocalModelDirectory(_directory), LocalModelCatalogue.DefaultModel, 1, _clock);

    public void Dispose()
    {
        _model.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void A_model_that_is_installed_while_the_server_runs_is_used()
    {
        var before = _model.Identity;
        var refused = Assert.Throws<LocalModelException>(_model.Load);
        Install();
        var tooEarly = _model.Identity;

        _clock.Ahead = Rest;

        Assert.Null(before);
        Assert.Contains("not installed", refused.Message, StringComparison.Ordinal);
        Assert.Null(tooEarly);
        Assert.Equal(LocalModelCatalogue.Shipped.Models[0].Identity, _model.Identity);
        Assert.Equal(384, _model.Load().Dimensions);
        Assert.Same(_model.Load(), _model.Load());
    }

    [Fact]
    public void A_model_that_cannot_be_loaded_is_tried_again_after_a_while_only()
    {
        var (library, whole) = Install();
        using (var torn = File.Create(library))
        {
            // The right length, which is all that is looked at when the server starts.
            torn.SetLength(new FileInfo(whole).Length);
        }

        var first = Assert.Throws<LocalModelException>(_model.Load);
        File.Copy(whole, library, overwrite: true);
        var second = Assert.Throws<LocalModelException>(_model.Load);
        _clock.Ahead = Rest;
        var mended = _model.Load();

        Assert.Contains("doctor", first.Message, StringComparison.Ordinal);
        Assert.Same(first, second);
        Assert.Equal(384, mended.Dimensions);
    }

    [Fact]
    public void A_server_that_stops_loads_no_model_any_more()
    {
        Install();
        _model.Dispose();

        Assert.Throws<ObjectDisposedException>(_model.Load);
    }

    /// <summary>Copies what <c>./test</c> installed; answers the library, and where it came from.</summary>
    private (string Library, string Source) Install()
    {
        var installed = LocalModelDirectory.Of(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        var ours = new LocalModelDirectory(_directory);
        var catalogue = LocalModelCatalogue.Shipped;
        foreach (var package in (LocalModelPackage[])[catalogue.Runtime, catalogue.Models[0]])
        {
            Directory.CreateDirectory(ours.Of(package));
            foreach (var file in package.Needed)
            {
                File.Copy(Path.Combine(installed.Of(package), file.Name), Path.Combine(ours.Of(package), file.Name));
            }
        }

        var library = catalogue.Runtime.Needed.Single().Name;
        return (
            Path.Combine(ours.Of(catalogue.Runtime), library),
            Path.Combine(installed.Of(catalogue.Runtime), library)
        );
    }
}
