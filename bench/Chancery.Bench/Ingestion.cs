using System.Diagnostics;
using System.Globalization;

namespace Chancery.Bench;

/// <summary>
/// How fast does a real PDF become searchable, and what does it cost in memory? Beside pdftotext alone on the same files,
/// which is the least that reading can take.
/// </summary>
internal static class Ingestion
{
    private sealed record Load(string Name, string[] Files);

    public static async Task<int> RunAsync()
    {
        var pdfs = TestData.PathOf("qa", "financebench", "pdfs");
        string[] Named(params string[] names) => [.. names.Select(name => Path.Combine(pdfs, name))];
        var thousand = Named(
            "PEPSICO_2022_10K.pdf",
            "AMERICANEXPRESS_2022_10K.pdf",
            "JOHNSON_JOHNSON_2022_10K.pdf",
            "ULTABEAUTY_2023Q4_EARNINGS.pdf",
            "NETFLIX_2017_10K.pdf"
        );
        Load[] loads =
        [
            new("1 page", [TestData.PathOf("documents", "pypdf-sample-files", "001-trivial", "minimal-document.pdf")]),
            new("about 100 pages", Named("NETFLIX_2017_10K.pdf", "BESTBUY_2024Q2_10Q.pdf")),
            new("about 1,000 pages", thousand),
        ];

        Console.WriteLine(
            "| Load | Pages | MB | Searchable after s | Pages/s | MB/s | pdftotext alone s | Ratio | Server peak MB | With readers and engines MB |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (var load in loads)
        {
            var data = ServerProcess.NewDirectory();
            await using (var server = await ServerProcess.StartAsync(Path.Combine(data, "data")))
            {
                using var client = await server.SignUpAsync();
                var clock = Stopwatch.StartNew();
                var ids = await Task.WhenAll(load.Files.Select(file => ServerProcess.UploadAsync(client, file)));
                var pages = (await Task.WhenAll(ids.Select(id => ServerProcess.WaitReadyAsync(client, id)))).Sum();
                var seconds = clock.Elapsed.TotalSeconds;
                var megabytes = load.Files.Sum(file => new FileInfo(file).Length) / 1e6;
                var baseline = await PdftotextSecondsAsync(load.Files);
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"| {load.Name} | {pages} | {megabytes:0.0} | {seconds:0.00} | {pages / seconds:0} | {megabytes / seconds:0.0} | {baseline:0.00} | {seconds / baseline:0.0} | {server.PeakServerBytes / 1e6:0} | {server.PeakAllBytes / 1e6:0} |"
                    )
                );
            }

            Directory.Delete(data, recursive: true);
        }

        return 0;
    }

    private static async Task<double> PdftotextSecondsAsync(IEnumerable<string> files)
    {
        var clock = Stopwatch.StartNew();
        foreach (var file in files)
        {
            using var process = Process.Start("pdftotext", ["-bbox-layout", file, "/dev/null"]);
            await process.WaitForExitAsync();
        }

        return clock.Elapsed.TotalSeconds;
    }
}
