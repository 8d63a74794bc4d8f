using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>A file that comes from the server: whole or not at all, and never in the place of another that nobody gave up.</summary>
internal static class TargetFile
{
    /// <param name="output">A file or directory; <c>-</c> for standard output; null for <paramref name="name"/>, here.</param>
    /// <param name="name">One name, without a directory.</param>
    /// <returns>Where it is; null for standard output.</returns>
    /// <exception cref="RemoteException">There is a file already.</exception>
    public static async Task<string?> WriteAsync(
        Stream content,
        string? output,
        string name,
        bool mayOverwrite,
        CancellationToken cancellationToken
    )
    {
        if (output == "-")
        {
            await using var standard = Console.OpenStandardOutput();
            await content.CopyToAsync(standard, cancellationToken);
            return null;
        }

        var target = Path.GetFullPath(output ?? name);
        if (Directory.Exists(target))
        {
            target = Path.Combine(target, name);
        }

        if (File.Exists(target) && !mayOverwrite)
        {
            throw new RemoteException(
                Exit.Failed,
                $"{target} is there already: --force overwrites it, --output names another."
            );
        }

        var draft = $"{target}.{Guid.CreateVersion7():n}.part";
        try
        {
            await using (var writer = new FileStream(draft, FileMode.CreateNew))
            {
                await content.CopyToAsync(writer, cancellationToken);
            }

            File.Move(draft, target, mayOverwrite);
        }
        finally
        {
            File.Delete(draft);
        }

        return target;
    }
}
