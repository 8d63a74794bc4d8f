using System.Diagnostics;

namespace Chancery.Bench.Contracts;

/// <summary>LibreOffice without a window: opens files and saves them as Word files, all that are given in one start.</summary>
internal sealed class OfficeConverter : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chancery-bench-office-");
    private int _runs;

    /// <param name="extension">Of what is opened: "docx", "html", "txt".</param>
    /// <param name="reader">LibreOffice's name of how it is read; null: as the extension says.</param>
    /// <returns>What was saved, in the files' order; null for a file that LibreOffice did not open.</returns>
    public IReadOnlyList<byte[]?> ToWord(IReadOnlyList<byte[]> files, string extension, string? reader = null)
    {
        var opened = _folder.CreateSubdirectory($"{++_runs}-opened");
        var saved = _folder.CreateSubdirectory($"{_runs}-saved");
        for (var i = 0; i < files.Count; i++)
        {
            File.WriteAllBytes(Path.Combine(opened.FullName, $"{i}.{extension}"), files[i]);
        }

        var start = new ProcessStartInfo("soffice")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                $"-env:UserInstallation={new Uri(Path.Combine(_folder.FullName, "profile"))}",
                "--headless",
                "--norestore",
            },
        };
        if (reader is not null)
        {
            start.ArgumentList.Add($"--infilter={reader}");
        }

        foreach (var argument in (string[])["--convert-to", "docx:MS Word 2007 XML", "--outdir", saved.FullName])
        {
            start.ArgumentList.Add(argument);
        }

        for (var i = 0; i < files.Count; i++)
        {
            start.ArgumentList.Add(Path.Combine(opened.FullName, $"{i}.{extension}"));
        }

        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(Longest))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"LibreOffice did not end within {Longest.TotalMinutes} minutes.");
        }

        return
        [
            .. files.Select(
                (_, i) =>
                    Path.Combine(saved.FullName, $"{i}.docx") is var path && File.Exists(path)
                        ? File.ReadAllBytes(path)
                        : null
            ),
        ];
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
