using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using Chancery.Server.Platform.LocalModels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chancery.Server.Tests.LocalModels;

/// <summary>A registry of ours that serves one package, whole, in part or wrongly.</summary>
public sealed class LocalModelInstallerTests : IAsyncLifetime
{
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(300_000);

    private readonly string _directory = Directory.CreateTempSubdirectory("chancery-models-").FullName;
    private readonly byte[] _package = Pack("package/model/weights.bin", Content);
    private readonly List<string?> _ranges = [];
    private readonly HttpClient _http = new();
    private Func<HttpContext, Task> _answer = null!;
    private WebApplication _app = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _answer = SendAsync;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.MapGet(
            "/{scope}/{name}/-/{file}",
            context =>
            {
                _ranges.Add(context.Request.Headers.Range);
                return _answer(context);
            }
        );
        await _app.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_package_is_installed_with_the_files_that_the_catalogue_names()
    {
        var models = Models();

        await Installer(models).InstallAsync(Package(), null, null, Cancel);

        Assert.True(models.Has(Package()));
        Assert.Equal(Content, await File.ReadAllBytesAsync(Path.Combine(models.Of(Package()), "weights.bin"), Cancel));
        Assert.Equal(["tiny-1.0.0"], Directory.EnumerateFileSystemEntries(_directory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task What_is_installed_is_not_fetched_again()
    {
        var models = Models();
        await Installer(models).InstallAsync(Package(), null, null, Cancel);

        await Installer(models).InstallAsync(Package(), null, null, Cancel);

        Assert.Single(_ranges);
    }

    [Fact]
    public async Task A_download_that_broke_off_goes_on_where_it_was()
    {
        _answer = async context =>
        {
            context.Response.ContentLength = _package.Length;
            await context.Response.Body.WriteAsync(_package.AsMemory(0, 100_000), Cancel);
            await context.Response.Body.FlushAsync(Cancel);
            context.Abort();
        };
        await Assert.ThrowsAsync<ModelInstallException>(() =>
            Installer(Models()).InstallAsync(Package(), null, null, Cancel)
        );
        _answer = SendAsync;

        await Installer(Models()).InstallAsync(Package(), null, null, Cancel);

        Assert.True(Models().Has(Package()));
        Assert.StartsWith("bytes=", _ranges[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Content_with_another_hash_is_not_kept()
    {
        var other = Package(sha256: new string('0', 64));

        var refused = await Assert.ThrowsAsync<ModelInstallException>(() =>
            Installer(Models()).InstallAsync(other, null, null, Cancel)
        );

        Assert.Contains("SHA-256", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory));
    }

    [Fact]
    public async Task A_package_without_the_file_is_refused_and_nothing_is_left()
    {
        var other = Package() with { Files = [Package().Files[0] with { Path = "model/other.bin" }] };

        var refused = await Assert.ThrowsAsync<ModelInstallException>(() =>
            Installer(Models()).InstallAsync(other, null, null, Cancel)
        );

        Assert.Contains("model/other.bin", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(503)]
    public async Task A_registry_that_does_not_have_it_is_named_with_what_to_do(int status)
    {
        _answer = context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };

        var refused = await Assert.ThrowsAsync<ModelInstallException>(() =>
            Installer(Models()).InstallAsync(Package(), null, null, Cancel)
        );

        Assert.Contains("MODEL_REGISTRY", refused.Message, StringComparison.Ordinal);
        Assert.False(Models().Has(Package()));
    }

    [Fact]
    public async Task A_page_instead_of_a_package_is_no_package()
    {
        _answer = context => context.Response.WriteAsync("<html>Sign in to the network</html>", Cancel);

        await Assert.ThrowsAsync<ModelInstallException>(() =>
            Installer(Models()).InstallAsync(Package(), null, null, Cancel)
        );

        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory));
    }

    [Fact]
    public async Task A_redirect_is_followed()
    {
        _answer = context =>
        {
            if (context.Request.Path.StartsWithSegments("/elsewhere"))
            {
                return SendAsync(context);
            }

            context.Response.Redirect("/elsewhere/tiny/-/tiny-1.0.0.tgz");
            return Task.CompletedTask;
        };

        await Installer(Models()).InstallAsync(Package(), null, null, Cancel);

        Assert.True(Models().Has(Package()));
    }

    [Fact]
    public async Task A_package_is_taken_from_a_file_without_any_network()
    {
        var file = Path.Combine(_directory, "tiny.tgz");
        await File.WriteAllBytesAsync(file, _package, Cancel);

        await Installer(Models()).InstallAsync(Package(), file, null, Cancel);

        Assert.True(Models().Has(Package()));
        Assert.True(File.Exists(file));
        Assert.Empty(_ranges);
    }

    [Fact]
    public void The_shipped_catalogue_names_files_hashes_and_licences()
    {
        var catalogue = LocalModelCatalogue.Shipped;

        Assert.NotNull(catalogue.Find(LocalModelCatalogue.DefaultModel));
        Assert.All(
            catalogue.Models.Append(catalogue.Runtime),
            package =>
            {
                Assert.NotEmpty(package.Licence);
                Assert.All(package.Files, file => Assert.Matches("^[0-9a-f]{64}$", file.Sha256));
            }
        );
    }

    private static LocalModelPackage Package(string? sha256 = null) =>
        new(
            "tiny",
            "@test/tiny",
            "1.0.0",
            "MIT",
            [
                new LocalModelFile(
                    "model/weights.bin",
                    "weights.bin",
                    Content.Length,
                    sha256 ?? Convert.ToHexStringLower(SHA256.HashData(Content))
                ),
            ]
        );

    private LocalModelDirectory Models() => new(_directory);

    private LocalModelInstaller Installer(LocalModelDirectory models) =>
        new(_http, LocalModelCatalogue.Shipped, models, new NpmRegistries(_app.Urls.Single(), null, [], _ => null));

    private Task SendAsync(HttpContext context) =>
        Results.Bytes(_package, enableRangeProcessing: true).ExecuteAsync(context);

    private static byte[] Pack(string path, byte[] content)
    {
        using var packed = new MemoryStream();
        using (var zipped = new GZipStream(packed, CompressionLevel.Fastest))
        using (var members = new TarWriter(zipped))
        {
            members.WriteEntry(
                new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(content) }
            );
        }

        return packed.ToArray();
    }
}
