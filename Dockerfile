# The page in a container: see deploy/README.md. PyTorch for processors, a user of its own, one folder that is written to.
FROM python:3.13-slim

# Hangul in the charts that are exported; the browser brings its own.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-nanum && rm -rf /var/lib/apt/lists/*

# Layers that change seldom come first: what is needed, then the package.
WORKDIR /source
COPY requirements.txt .
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu -r requirements.txt
COPY pyproject.toml app.py README.md LICENSE NOTICE ./
COPY .streamlit .streamlit
COPY mnist_demo mnist_demo
RUN pip install --no-cache-dir --constraint requirements.txt ".[cluster]"

# 1000 is the user that a Hugging Face Space runs, and the first of most machines, who then owns a folder given as /data.
RUN useradd --uid 1000 --create-home visitor && mkdir /data && chown visitor /data
USER visitor
WORKDIR /data
# Runs, classes, drawings and the downloaded MNIST; all else may be read only, but for temporary files.
ENV MNIST_DEMO_HOME=/data PYTHONDONTWRITEBYTECODE=1
VOLUME /data
EXPOSE 8501

HEALTHCHECK --start-period=60s --interval=30s --timeout=5s \
  CMD python -c "import os, urllib.request as u; u.urlopen('/'.join(['http://127.0.0.1:8501', *filter(None, [os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH')]), '_stcore/health']), timeout=4)"
ENTRYPOINT ["mnist-demo"]
CMD ["page", "--server.headless=true", "--server.address=0.0.0.0"]
