using Chancery.Documents;
using Chancery.Server.Knowledge;
using Chancery.Server.Knowledge.Ingestion;

namespace Chancery.Server.Commands.Doctor;

/// <summary>What keeps the readers of files in, and whether they read at all behind it.</summary>
internal sealed class ReaderChecks(IConfiguration configuration, bool isLocal)
{
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var options = new ReaderProgram().Place() with
        {
            PageTimeout = TimeSpan.FromSeconds(20),
            OcrLanguages = KnowledgeOptions.ParseLanguages(configuration["OCR_LANGUAGES"]),
        };
        var sandbox = await Sandbox.ProbeAsync(options.SearchPath, cancellationToken);
        return
        [
            Walls(sandbox),
            await ReadAsync(options, sandbox, cancellationToken),
            await RecogniseAsync(options, sandbox, cancellationToken),
        ];
    }

    private Finding Walls(Sandbox sandbox)
    {
        const string subject = "reader's walls";
        var standing = string.Join(", ", sandbox.Walls.Where(wall => wall.Stands).Select(wall => wall.Name));
        var missing = sandbox.Walls.Where(wall => !wall.Stands).ToList();
        if (missing.Count == 0)
        {
            return Finding.Good(subject, standing);
        }

        var found =
            $"{(standing.Length == 0 ? "none" : standing)}; not {string.Join(", ", missing.Select(wall => wall.Name))}";
        var mend = string.Join("; ", missing.Select(wall => $"{wall.Name}: {wall.Missing}"));
        var mayGoWithout = isLocal || bool.TryParse(configuration["READERS_WITHOUT_WALLS"], out var without) && without;
        return Readers.MissingWall(sandbox) is not null && !mayGoWithout
            ? Finding.Bad(subject, found + "; no file is read", mend + "; or READERS_WITHOUT_WALLS=true, at your risk")
            : Finding.Weak(subject, found, mend);
    }

    private static async Task<Finding> ReadAsync(
        ReaderOptions options,
        Sandbox sandbox,
        CancellationToken cancellationToken
    )
    {
        const string subject = "reading";
        await using var reader = new DocumentReader(options, sandbox);
        using var content = new MemoryStream("A line to read."u8.ToArray());
        try
        {
            await foreach (var item in reader.ReadAsync(content, MediaTypes.PlainText, 1, cancellationToken))
            {
                if (item is ReadItem.Page { Content.Text: "A line to read." })
                {
                    return Finding.Good(subject, "a small text, behind these walls");
                }
            }

            return Finding.Bad(subject, "a small text came back as another", "reinstall the program");
        }
        catch (DocumentUnreadableException exception)
        {
            return Finding.Bad(
                subject,
                exception.Message,
                "let other users read and run the program's directory, and mend the walls above"
            );
        }
    }

    private static async Task<Finding> RecogniseAsync(
        ReaderOptions options,
        Sandbox sandbox,
        CancellationToken cancellationToken
    )
    {
        const string subject = "text in images (OCR)";
        const string install =
            "install tesseract (package tesseract-ocr; languages are packages like tesseract-ocr-deu)";
        await using var reader = new DocumentReader(options, sandbox);
        try
        {
            var languages = await reader.RecognisedLanguagesAsync(cancellationToken);
            var missing = options.OcrLanguages.Except(languages).ToList();
            return languages.Count == 0 ? Finding.Weak(subject, "not recognised: scans are refused", install)
                : missing.Count > 0
                    ? Finding.Weak(
                        subject,
                        $"{string.Join(", ", languages)}; not {string.Join(", ", missing)}",
                        install
                    )
                : Finding.Good(subject, string.Join(", ", languages));
        }
        catch (DocumentUnreadableException exception)
        {
            return Finding.Weak(subject, exception.Message, install);
        }
    }
}
