using Chancery.Bench;

// One verb, one question answered: each prints a table and needs nothing but the test data.
return args switch
{
    ["extractive", .. var rest] => Extractive.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Usage: dotnet run -c Release --project bench/Chancery.Bench -- <verb>");
    Console.Error.WriteLine(
        "  extractive   How often does the answerer without a model answer, cite right, and refuse?"
    );
    return 2;
}
